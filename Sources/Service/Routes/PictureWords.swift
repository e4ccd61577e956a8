import JSON
import Scheduler
import Tasks

/// The words of a request's picture beside what its path answers: told with `read=true`, taken for its text with
/// `text_from=image`.
struct PictureWords: Sendable {
    static let read = InputOption.boolean("read", standard: false)
    /// Where the text comes from that a head takes. An option of its own: a text may be any text, "from_image" too.
    static let textFrom = InputOption.choice("text_from", among: ["part", "image"])

    /// The part of the picture, whatever reads it.
    static let picture = "image"
    private static let text = "text"

    /// Whether there is anything to read.
    let isRead: Bool
    /// The input that is made of the words; nil where a text is given, or none is wanted.
    let madeText: PartSpec?

    /// What a request wants of a head.
    /// - Parameter isTakenElsewhere: whether the picture is for another model.
    init(
        _ inputs: RequestInputs, _ head: HeadDescription, _ card: ModelCard, isTakenElsewhere: Bool = false
    ) throws(Problem) {
        var made: PartSpec?
        if inputs[Self.textFrom] == "image" {
            made = head.inputs.first { $0.part == Self.text && $0.kind == .text }
            guard made != nil else {
                throw Problem(
                    .invalidOption,
                    "The option \"text_from\" is \"image\", but the head \"\(head.name)\" takes no text; leave it out.",
                    members: ["option": .string("text_from")])
            }
            // What the client says is not read again.
            if inputs.has(part: Self.text) { made = nil }
        }
        try Self.check(inputs, isRead: inputs[Self.read] || made != nil, card)
        isRead = inputs[Self.read] || made != nil
        madeText = made
        let takesPicture = isTakenElsewhere || head.inputs.contains { $0.part == Self.picture }
        if !isRead, !takesPicture, inputs[Self.textFrom] != "image", inputs.hasFile(Self.picture) {
            throw inputs.rules.without(part: Self.picture).refusal(ofUnknown: Self.picture, isFile: true)
        }
    }

    /// Refuses to read with a model that cannot, and a request without a picture.
    static func check(_ inputs: RequestInputs, isRead: Bool, _ card: ModelCard) throws(Problem) {
        guard isRead else { return }
        guard card.tasks.contains("read") else { throw .taskNotAvailable("read", card) }
        guard inputs.hasFile(picture) else { throw .missing(picture, "its words are to be read; send a photo in it") }
    }

    /// What makes a request of a head more work than another.
    static func effort(_ inputs: RequestInputs) -> String {
        inputs[read] || inputs[textFrom] == "image" && !inputs.has(part: text) ? "read" : ""
    }

    /// How a head's parts are read: as the head does, and where it takes no picture, that for its words alone.
    func inputs(of head: HeadDescription) -> [PartSpec] {
        head.inputs + (isRead && !head.inputs.contains { $0.part == Self.picture } ? [ModelCard.page] : [])
    }

    /// Reads the words, and makes the text of them. Refuses a picture without words where the head has nothing else.
    func read(
        _ taken: inout TakenParts, for head: HeadDescription, explains: Bool, _ request: Request, _ engine: any Engine,
        _ media: MediaIntake, task: String
    ) async throws {
        guard isRead else { return }
        try await engine.readWords(of: &taken, for: request, media.metrics, task: task)
        guard let madeText, case .text(let preparation) = madeText.preparation, let words = taken.words else { return }
        let text = words.read.text
        var tokens: TokenizedText?
        if text.isEmpty {
            try refuseWithoutWords(taken, head)
        } else {
            tokens = media.takeText(text, for: madeText.part, preparation, explains, &taken)
        }
        let (count, isTruncated) = (tokens?.totalTokens ?? 0, tokens?.truncated ?? false)
        taken.understood.append(
            .words(name: madeText.part, from: Self.picture, text: text, tokens: count, isTruncated: isTruncated))
        taken.sort(for: head)
    }

    private func refuseWithoutWords(_ taken: TakenParts, _ head: HeadDescription) throws(Problem) {
        // Where a face was looked for and not found, that is said.
        guard head.required.contains(Self.text) || taken.inputs.isEmpty && taken.faces == nil else { return }
        let unread = taken.words?.read.unread ?? 0
        throw Problem(
            .missingPart,
            "No words were read in the \"image\"" + (unread > 0 ? " (\(unread) that look like lines were not)" : "")
                + ", so that there is no text; send the part \"text\", or another picture.",
            members: ["part": .string(Self.text)])
    }
}

extension TakenParts {
    /// In the order of the head's parts: a text that was made as it would be had the client given it.
    mutating func sort(for head: HeadDescription) {
        let order = head.inputs.map(\.part)
        func place(_ part: String) -> Int { order.firstIndex(of: part) ?? -1 }
        understood.sort { place($0.name) < place($1.name) }
        sources.sort { place($0.part) < place($1.part) }
    }

    /// Writes the field `words`, where words were to be read.
    func writeWords(to json: inout JSONWriter) throws(JSONError) {
        guard let words else { return }
        try json.field("words") { json throws(JSONError) in
            try json.object { json throws(JSONError) in try words.read.write(to: &json, scale: words.scale) }
        }
    }
}

extension InputRules {
    /// The same for a head that takes a text and no picture, of which words can be read: a picture may be sent for these.
    func withPicture(for head: HeadDescription, _ card: ModelCard) -> InputRules {
        let names = parts.map(\.name)
        guard card.tasks.contains("read"), names.contains("text"), !names.contains(PictureWords.picture) else {
            return self
        }
        return InputRules(
            parts: parts + [.init(name: PictureWords.picture, kind: .image)], options: options, subject: subject,
            partsOfPath: partsOfPath)
    }

    fileprivate func without(part: String) -> InputRules {
        InputRules(
            parts: parts.filter { $0.name != part }, options: options, subject: subject, partsOfPath: partsOfPath)
    }
}

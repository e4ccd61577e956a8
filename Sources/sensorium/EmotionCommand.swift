import ArgumentParser
import JSON
import Tasks

struct EmotionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emotion", abstract: "Read the emotion of a face, a voice or words, without a server.",
        discussion: "Prints the likeliest emotions of all that is given, then what each part alone says.")

    @Option(help: ArgumentHelp("A photo of a face.", valueName: "file")) var image: String?
    @Option(help: ArgumentHelp("A WAV, FLAC, Ogg or MP3 file of a voice.", valueName: "file")) var audio: String?
    @Option(help: "What was said or written.") var text: String?
    @Flag(help: "Take the words in the image for the text, as of a meme; a photo without a face will then do.")
    var textFromImage = false
    @OptionGroup var model: ModelArguments
    @Flag(help: "Take the image for a face as it is, and look for none.") var wholeImage = false
    @OptionGroup var certainty: LeastConfidence
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        if image == nil && audio == nil && text == nil {
            throw ValidationError("Give at least one of --image, --audio and --text.")
        }
        if textFromImage && (image == nil || text != nil) {
            throw ValidationError("--text-from-image takes the text from --image, in the place of --text.")
        }
        try CommandLineText.checkWords(text, "--text")
    }

    func run() throws {
        let loaded = try model.load()
        let head = try loaded.head(of: "emotion")
        let files = [("image", image), ("audio", audio)].compactMap { name, path in path.map { (name, $0) } }
        let bytes = try textFromImage ? image.map { try InputFile.read($0) } : nil
        let page = try bytes.map { try ReadPage(of: $0, by: loaded) }
        let words = page.flatMap { $0.text.isEmpty ? nil : $0.text }
        let inputs = try loaded.inputs(
            of: head, files: Dictionary(uniqueKeysWithValues: files), contents: bytes.map { ["image": $0] } ?? [:],
            texts: (text ?? words).map { ["text": $0] } ?? [:], looksForFaces: !wholeImage, mayLackFace: words != nil)
        let answer = try loaded.classification(by: head, of: inputs)
        let parts = head.inputs.map(\.part).filter { answer.alone[$0] != nil }
        if json { return try StandardOutput.print(document(head, answer, parts, page)) }
        if let image { page?.sayWhatIsUnread(of: image) }
        if certainty.declines(answer.confidence) { return try StandardOutput.print(LeastConfidence.notSure) }
        for (label, probability) in head.ranked(answer.probabilities).prefix(3) {
            try StandardOutput.print("\(percent(probability)) \(label)")
        }
        for part in parts where parts.count > 1 {
            guard let best = head.ranked(answer.alone[part] ?? []).first else { continue }
            let weight = percent(Double(answer.weights[part] ?? 0)).drop { $0 == " " }
            try StandardOutput.print("\(part) alone: \(best.label), weight \(weight)")
        }
    }

    private func document(
        _ head: HeadDescription, _ answer: Classification, _ parts: [String], _ page: ReadPage?
    ) -> String {
        var json = JSONWriter()
        json.object { json in
            certainty.write(
                "emotion", head.ranked(answer.probabilities).first?.label ?? "", answer.confidence, to: &json)
            Self.writeScores(head, answer.probabilities, to: &json)
            json.field("modalities") { json in
                json.object { json in
                    for part in parts {
                        json.field(part) { json in
                            json.object { json in
                                Self.write(head, answer.alone[part] ?? [], to: &json)
                                // A weight is a share, and finite.
                                try? json.field("weight", Double(answer.weights[part] ?? 0))
                            }
                        }
                    }
                }
            }
            if let page { json.field("words") { json in json.object { json in page.write(to: &json) } } }
        }
        return json.text
    }

    private static func write(_ head: HeadDescription, _ probabilities: [Float], to json: inout JSONWriter) {
        json.field("emotion", head.ranked(probabilities).first?.label ?? "")
        writeScores(head, probabilities, to: &json)
    }

    private static func writeScores(_ head: HeadDescription, _ probabilities: [Float], to json: inout JSONWriter) {
        json.field("scores") { json in
            json.object { json in
                // A probability is finite: it is a share of a sum above 0.
                for (label, share) in zip(head.labels, probabilities) { try? json.field(label, Double(share)) }
            }
        }
    }
}

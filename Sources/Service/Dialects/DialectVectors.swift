import JSON

/// What dialects ask of `/v1/embed`: texts, pictures and sounds, one or a list of them, and their vectors as they are wanted.
enum DialectVectors {
    /// Most elements of a list, as OpenAI has it.
    static let most = 2048
    /// To how many numbers vectors are cut.
    static let dimensions = InputOption.integer("dimensions", in: 1...4096)

    /// What the elements of a list are.
    enum Modality: String, CaseIterable {
        case text, image, audio
    }

    /// Reads an element, or a list of them, into elements of a request.
    /// - Parameters:
    ///   - name: of the member, for messages.
    ///   - options: those that each element is computed with.
    static func read(
        _ value: JSONValue?, _ name: String, _ modality: Modality = .text, into inputs: inout RequestInputs,
        _ limits: BodyLimits, options: [(OptionRule, JSONValue)] = []
    ) throws(Problem) {
        guard let value else { throw .missing(name, "send a text, or an array of texts") }
        var isList = false
        if case .array = value { isList = true }
        let values = isList ? value.elements : [value]
        guard !values.isEmpty else { throw refusal(name, "is empty; send at least one text") }
        if values.contains(where: { $0.isOfTokens }) {
            throw refusal(
                name,
                "has ids of tokens, and texts are taken apart here, by the model's own tokenizer; send the texts. LangChain's OpenAIEmbeddings "
                    + "does with check_embedding_ctx_length=False")
        }
        let most = modality == .text ? self.most : limits.parts
        guard values.count <= most else {
            throw refusal(
                name,
                "has \(values.count) elements, and at most \(most) are taken at once"
                    + (modality == .text ? "" : " (--max-parts)") + "; send fewer")
        }
        for (place, value) in values.enumerated() {
            let place = isList ? "\(name)[\(place)]" : name
            var element = try RequestInputs(inputs.rules, query: nil)
            for (rule, value) in options { try element.add(rule, .json(value)) }
            try add(value, place, modality, to: &element, limits)
            inputs.add(element: element)
        }
    }

    private static func add(
        _ value: JSONValue, _ place: String, _ modality: Modality, to element: inout RequestInputs, _ limits: BodyLimits
    ) throws(Problem) {
        switch modality {
        case .text:
            guard let text = value.text else { throw refusal(place, "is \(value.summary); it takes a text") }
            do throws(Problem) {
                try element.add(text: "text", text, maxBytes: limits.text)
            } catch {
                throw error.renaming(part: "text", place)
            }
        case .image: try element.add(file: "image", DialectFile.bytes(value, place, .image, limits))
        case .audio: try element.add(file: "audio", DialectFile.bytes(value, place, .audio, limits))
        }
    }

    /// A vector of a list, and how many tokens its text had.
    struct Answer: Sendable {
        /// Base64 of little-endian floats, as the route gave it.
        var base64: String
        var vector: [Float]
        let tokens: Int
        let isTruncated: Bool
    }

    /// The vectors of answers that came in base64.
    /// - Parameter dimensions: to how many numbers they are cut; then they have the length 1 again, unless that is not wanted.
    static func vectors(
        _ answers: [[UInt8]], cutTo dimensions: Int?, normalizes: Bool = true
    ) throws(Problem) -> [Answer] {
        var vectors: [Answer] = []
        for answer in answers {
            let answer = try JSONValue(answer: answer)
            let base64 = answer.member("embedding")?.text ?? ""
            let text = answer.member("inputs", "text")
            var vector = Answer(
                base64: base64, vector: floats(Base64.decode(base64.utf8) ?? []),
                tokens: text?.member("tokens")?.whole ?? 0, isTruncated: text?.member("truncated") == .boolean(true))
            if let dimensions, dimensions != vector.vector.count {
                guard dimensions < vector.vector.count else {
                    throw DialectMembers.refusal(
                        "dimensions",
                        "\"dimensions\" is \(dimensions), but the vectors of this model have \(vector.vector.count) numbers; take so many "
                            + "or fewer.")
                }
                let cut = Array(vector.vector.prefix(dimensions))
                vector.vector = normalizes ? EmbedRoute.normalized(cut) : cut
                vector.base64 = Base64.encode(vector.vector.littleEndianBytes)
            }
            vectors.append(vector)
        }
        return vectors
    }

    private static func floats(_ bytes: [UInt8]) -> [Float] {
        bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count - 3, by: 4).map { start in
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)))
            }
        }
    }

    private static func refusal(_ name: String, _ what: String) -> Problem {
        Problem(.invalidText, "\"\(name)\" \(what).", members: ["part": .string(name)])
    }
}

extension JSONValue {
    /// Whether it is an id of a token, or an array of them.
    fileprivate var isOfTokens: Bool {
        switch self {
        case .integer: true
        case .array(let values): values.contains { if case .integer = $0 { true } else { false } }
        case .null, .boolean, .number, .decimal, .string, .object: false
        }
    }
}

extension Problem {
    /// The same with a part called as the client calls it.
    func renaming(part: String, _ name: String) -> Problem {
        var renamed = KeyValuePairs<String, JSONValue>()
        if members.contains(where: { $0.name == "part" }) { renamed = ["part": .string(name)] }
        return Problem(
            code, detail.replacing("\"\(part)\"", with: "\"\(name)\""), status: status, members: renamed,
            headers: headers)
    }
}

import JSON

/// A JSON object whose members are parts (files in base64, bare or as a `data:` URL) and options.
struct JSONBodyReader: BodyReader {
    private let inputs: RequestInputs
    private let limits: BodyLimits
    private var sieve: JSONFileSieve

    init(inputs: RequestInputs, limits: BodyLimits) {
        self.inputs = inputs
        self.limits = limits
        sieve = JSONFileSieve(
            inputs.rules, maxFile: limits.part, maxDepth: Self.limits(bytes: limits.body).depth)
    }

    var keptBytes: Int { sieve.keptBytes }

    mutating func receive(_ more: UnsafeRawBufferPointer) {
        // The server counts the body against --max-body before it comes here.
        sieve.read(more)
    }

    /// Most bytes that are parsed on an event loop: files are not among them, so that few bodies have more.
    private static let short = 64 << 10

    mutating func finish() throws(Problem) -> ReceivedBody {
        let (rest, inputs, limits) = (sieve.finish(), inputs, limits)
        guard rest.text.count > Self.short else { return .inputs(try Self.read(rest, into: inputs, limits)) }
        return .unparsed { try Self.read(rest, into: inputs, limits) }
    }

    private static func read(
        _ rest: JSONFileSieve.Rest, into inputs: RequestInputs, _ limits: BodyLimits
    ) throws(Problem) -> RequestInputs {
        var inputs = inputs
        for (name, value) in try members(rest, maxBytes: limits.body) {
            let meaning = inputs.rules.meaning(of: name)
            // Generated clients write members that were not set so.
            if value == .null, meaning != nil || inputs.rules.mayLackPart(name) { continue }
            guard let meaning else { throw inputs.rules.refusal(ofUnknown: name) }
            switch meaning {
            case .option(let rule): try inputs.add(rule, .json(value))
            case .part(.text): try inputs.add(text: name, text(name, value), maxBytes: limits.text)
            case .part(.object), .part(.vector): try inputs.add(value: name, value)
            case .part(.label): try add(labels: value, name, to: &inputs, limits)
            case .part(.messages):
                try inputs.add(value: name, value)
                try add(imagesIn: value, rest, to: &inputs, limits)
            case .part(.shown):
                let kept = inputs.nameCandidate(name)
                try inputs.add(file: kept, file(name, .image, value, rest, maxBytes: limits.part))
            case .part(.candidate): try add(candidates: value, name, rest, to: &inputs, limits)
            case .part(let kind):
                try inputs.refuseSecond(name)
                try inputs.add(file: name, file(name, kind, value, rest, maxBytes: limits.part))
            }
        }
        return inputs
    }

    /// A body has room for a vector of 4,096 elements and for that many candidates.
    static func limits(bytes: Int) -> JSONLimits { JSONLimits(bytes: bytes, depth: 10, values: 20_000) }

    private static func members(_ rest: JSONFileSieve.Rest, maxBytes: Int) throws(Problem) -> JSONObject {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: rest.text, limits: limits(bytes: maxBytes))
        } catch {
            throw Problem(.malformedJSON, error.moved(rest.place).description)
        }
        guard case .object(let members) = value else {
            throw Problem(.malformedJSON, "The body must be a JSON object such as {\"image\": \"<base64>\"}.")
        }
        return members
    }

    /// Each candidate is a text, or an object with one member that is not null and says what it is.
    private static func add(
        candidates value: JSONValue, _ name: String, _ rest: JSONFileSieve.Rest, to inputs: inout RequestInputs,
        _ limits: BodyLimits
    ) throws(Problem) {
        guard case .array(let candidates) = value, (1...limits.parts).contains(candidates.count) else {
            throw refusal(name, "takes an array of 1 to \(limits.parts) candidates, but is \(value.summary)")
        }
        for candidate in candidates {
            let kept = inputs.nameCandidate(name)
            switch candidate {
            case .string(let text): try inputs.add(text: kept, text, maxBytes: limits.text)
            case .object(let members):
                if let kind = members.keys.first(where: { !kinds.contains($0) }) {
                    throw refusal(kept, "has a member \"\(kind.prefix(32))\"; it takes \(forms)")
                }
                let given = members.filter { $0.1 != .null }
                guard given.count == 1, let (kind, value) = given.first else {
                    throw refusal(kept, "is \(candidate.summary); it takes \(forms)")
                }
                switch kind {
                case "text": try inputs.add(text: kept, text(kept, value), maxBytes: limits.text)
                case "image": try inputs.add(file: kept, file(kept, .image, value, rest, maxBytes: limits.part))
                case "audio": try inputs.add(file: kept, file(kept, .audio, value, rest, maxBytes: limits.part))
                default: try inputs.add(value: kept, value)
                }
            default: throw refusal(kept, "is \(candidate.summary); it takes \(forms)")
            }
        }
    }

    /// The pictures within messages, in their order. What else is wrong with messages is for whoever reads them to say.
    private static func add(
        imagesIn value: JSONValue, _ rest: JSONFileSieve.Rest, to inputs: inout RequestInputs, _ limits: BodyLimits
    ) throws(Problem) {
        guard case .array(let messages) = value else { return }
        for case .object(let message) in messages {
            guard case .array(let parts)? = message["content"] else { continue }
            for case .object(let part) in parts {
                guard let image = part["image"], image != .null else { continue }
                let kept = inputs.nameCandidate("image")
                guard inputs.candidates.count <= limits.parts else {
                    throw refusal(
                        "messages", "have more than the \(limits.parts) pictures that are taken (--max-parts)")
                }
                try inputs.add(file: kept, file(kept, .image, image, rest, maxBytes: limits.part))
            }
        }
    }

    /// An array of texts.
    private static func add(
        labels value: JSONValue, _ name: String, to inputs: inout RequestInputs, _ limits: BodyLimits
    ) throws(Problem) {
        guard case .array(let labels) = value else {
            throw Problem(
                .invalidText, "\"\(name)\" takes an array of texts, but is \(value.summary).",
                members: ["part": .string(name)])
        }
        for label in labels {
            let kept = inputs.nameCandidate(name)
            try inputs.add(text: kept, text(kept, label), maxBytes: limits.text)
        }
    }

    private static let kinds = ["image", "audio", "text", "embedding"]
    private static let forms = "a text, or an object with one member \"image\", \"audio\", \"text\" or \"embedding\""

    private static func refusal(_ name: String, _ what: String) -> Problem {
        Problem(.unexpectedPart, "\"\(name)\" \(what).", members: ["part": .string(name)])
    }

    private static func text(_ name: String, _ value: JSONValue) throws(Problem) -> String {
        guard case .string(let text) = value else {
            throw Problem(
                .invalidText, "\"\(name)\" must be a string, but is \(value.summary).",
                members: ["part": .string(name)])
        }
        return text
    }

    private static func file(
        _ name: String, _ kind: PartKind, _ value: JSONValue, _ rest: JSONFileSieve.Rest, maxBytes: Int
    ) throws(Problem) -> [UInt8] {
        if kind == .features, case .array(let numbers) = value { return try features(name, numbers) }
        guard case .string(let number) = value else {
            if kind == .features { throw refusal(ofFeatures: name, "is \(value.summary)") }
            throw undecodable(name, kind, "must be a string of base64, but is \(value.summary)")
        }
        guard let number = Int(number), rest.files.indices.contains(number) else { throw .internalError }
        switch rest.files[number] {
        case .file(let bytes): return bytes
        case .tooLarge: throw .tooLarge("part", name, limit: maxBytes, flag: "--max-part")
        case .notBase64:
            throw undecodable(
                name, kind, "is not valid base64; encode the bytes of the file with the standard alphabet")
        case .otherData:
            throw undecodable(
                name, kind, "is a data: URL without \";base64,\"; write data:image/jpeg;base64,<base64>")
        case .url:
            throw undecodable(
                name, kind, "is a URL, and the server fetches nothing; send the bytes of the file in base64")
        }
    }

    private static func undecodable(_ name: String, _ kind: PartKind, _ what: String) -> Problem {
        Problem(kind.undecodable, "\"\(name)\" \(what).", members: ["part": .string(name)])
    }
}

extension JSONError {
    /// The same error in a text in which an offset stands for another.
    fileprivate func moved(_ place: (Int) -> Int) -> JSONError {
        switch self {
        case .malformed(let offset, let reason): .malformed(offset: place(offset), reason: reason)
        case .duplicateKey(let key, let offset): .duplicateKey(key, offset: place(offset))
        case .tooDeep(let limit, let offset): .tooDeep(limit: limit, offset: place(offset))
        case .tooManyValues(let limit, let offset): .tooManyValues(limit: limit, offset: place(offset))
        case .tooLarge, .missing, .unexpected, .unreadable, .notFinite: self
        }
    }
}

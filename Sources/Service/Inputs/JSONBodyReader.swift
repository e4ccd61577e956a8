import JSON

/// A JSON object whose members are parts (files in base64, bare or as a `data:` URL) and options.
struct JSONBodyReader: BodyReader {
    private let inputs: RequestInputs
    private let limits: BodyLimits
    private var bytes: [UInt8] = []

    init(inputs: RequestInputs, limits: BodyLimits, sizeHint: Int) {
        self.inputs = inputs
        self.limits = limits
        bytes.reserveCapacity(min(sizeHint, limits.body))
    }

    mutating func receive(_ more: UnsafeRawBufferPointer) {
        // The server counts the body against --max-body before it comes here.
        bytes.append(contentsOf: more)
    }

    mutating func finish() -> ReceivedBody {
        let (bytes, inputs, limits) = (bytes, inputs, limits)
        self.bytes = []
        return .unparsed { try Self.read(bytes, into: inputs, limits) }
    }

    private static func read(
        _ bytes: [UInt8], into inputs: RequestInputs, _ limits: BodyLimits
    ) throws(Problem) -> RequestInputs {
        var inputs = inputs
        for (name, value) in try members(bytes, maxBytes: limits.body) {
            switch inputs.rules.meaning(of: name) {
            case .option(let rule)?: try inputs.add(rule, .json(value))
            case .part(.text)?: try inputs.add(text: name, text(name, value), maxBytes: limits.text)
            case .part(.object)?, .part(.vector)?: try inputs.add(value: name, value)
            case .part(.candidate)?: try add(candidates: value, name, to: &inputs, limits)
            case .part(let kind)?:
                try inputs.refuseSecond(name)
                try inputs.add(file: name, file(name, kind, value, maxBytes: limits.part))
            case nil: throw inputs.rules.refusal(ofUnknown: name)
            }
        }
        return inputs
    }

    /// A body has room for a vector of 4,096 elements and for that many candidates.
    static func limits(bytes: Int) -> JSONLimits { JSONLimits(bytes: bytes, depth: 10, values: 20_000) }

    private static func members(_ bytes: [UInt8], maxBytes: Int) throws(Problem) -> JSONObject {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes, limits: limits(bytes: maxBytes))
        } catch {
            throw Problem(.malformedJSON, error.description)
        }
        guard case .object(let members) = value else {
            throw Problem(.malformedJSON, "The body must be a JSON object such as {\"image\": \"<base64>\"}.")
        }
        return members
    }

    /// Each candidate is a text, or an object with one member that says what it is.
    private static func add(
        candidates value: JSONValue, _ name: String, to inputs: inout RequestInputs, _ limits: BodyLimits
    ) throws(Problem) {
        guard case .array(let candidates) = value, candidates.count <= limits.parts else {
            throw refusal(name, "takes an array of at most \(limits.parts) candidates, but is \(value.summary)")
        }
        for candidate in candidates {
            let kept = inputs.nameCandidate(name)
            switch candidate {
            case .string(let text): try inputs.add(text: kept, text, maxBytes: limits.text)
            case .object(let members) where members.count == 1:
                let (kind, value) = (members.keys[0], members.values[0])
                switch kind {
                case "text": try inputs.add(text: kept, text(kept, value), maxBytes: limits.text)
                case "image": try inputs.add(file: kept, file(kept, .image, value, maxBytes: limits.part))
                case "audio": try inputs.add(file: kept, file(kept, .audio, value, maxBytes: limits.part))
                case "embedding": try inputs.add(value: kept, value)
                default: throw refusal(kept, "has a member \"\(kind.prefix(32))\"; it takes \(forms)")
                }
            default: throw refusal(kept, "is \(candidate.summary); it takes \(forms)")
            }
        }
    }

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
        _ name: String, _ kind: PartKind, _ value: JSONValue, maxBytes: Int
    ) throws(Problem) -> [UInt8] {
        guard case .string(let text) = value else {
            throw undecodable(name, kind, "must be a string of base64, but is \(value.summary)")
        }
        let payload = try base64Payload(name, kind, text)
        guard payload.count / 4 * 3 <= maxBytes + 3 else {
            throw .tooLarge("part", name, limit: maxBytes, flag: "--max-part")
        }
        guard let bytes = Base64.decode(payload) else {
            throw undecodable(
                name, kind, "is not valid base64; encode the bytes of the file with the standard alphabet")
        }
        return bytes
    }

    /// The base64 of a bare string or of a `data:` URL (RFC 2397). Any other URL is refused: nothing is ever fetched.
    private static func base64Payload(
        _ name: String, _ kind: PartKind, _ text: String
    ) throws(Problem) -> Substring.UTF8View {
        let scheme = text.prefix(12).lowercased()
        if scheme.hasPrefix("data:") {
            guard let comma = text.utf8.prefix(256).firstIndex(of: UInt8(ascii: ",")),
                text[..<comma].lowercased().hasSuffix(";base64")
            else {
                throw undecodable(
                    name, kind, "is a data: URL without \";base64,\"; write data:image/jpeg;base64,<base64>")
            }
            return text[text.utf8.index(after: comma)...].utf8
        }
        guard !text.utf8.prefix(12).contains(UInt8(ascii: ":")) else {
            throw undecodable(
                name, kind, "is a URL, and the server fetches nothing; send the bytes of the file in base64")
        }
        return text[...].utf8
    }

    private static func undecodable(_ name: String, _ kind: PartKind, _ what: String) -> Problem {
        Problem(kind.undecodable, "\"\(name)\" \(what).", members: ["part": .string(name)])
    }
}

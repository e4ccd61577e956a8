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
            case .part(let kind)?:
                try inputs.refuseSecond(name)
                try inputs.add(file: name, file(name, kind, value, maxBytes: limits.part))
            case nil: throw inputs.rules.refusal(ofUnknown: name)
            }
        }
        return inputs
    }

    private static func members(_ bytes: [UInt8], maxBytes: Int) throws(Problem) -> JSONObject {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes, limits: JSONLimits(bytes: maxBytes, depth: 8, values: 1000))
        } catch {
            throw Problem(.malformedJSON, error.description)
        }
        guard case .object(let members) = value else {
            throw Problem(.malformedJSON, "The body must be a JSON object such as {\"image\": \"<base64>\"}.")
        }
        return members
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

import HTTP

/// A body that is one part by itself, such as the bytes of a JPEG file. Options come in the query string.
struct RawBodyReader: BodyReader {
    private let part: InputRules.Part
    private let charset: Charset
    private let limit: Int
    private let flag: String
    private var inputs: RequestInputs
    private var bytes = GatheredBytes()

    /// - Parameter charset: of a text.
    init(part: InputRules.Part, charset: Charset = .utf8, inputs: RequestInputs, limits: BodyLimits) {
        self.part = part
        self.charset = charset
        self.inputs = inputs
        (limit, flag) = part.kind == .text ? (limits.text, "--max-text") : (limits.part, "--max-part")
    }

    var keptBytes: Int { bytes.capacity }

    mutating func receive(_ more: UnsafeRawBufferPointer) throws(Problem) {
        guard bytes.count + more.count <= limit else { throw .tooLarge("part", part.name, limit: limit, flag: flag) }
        bytes.append(more)
    }

    mutating func finish() throws(Problem) -> ReceivedBody {
        switch part.kind {
        case .text: try inputs.add(text: part.name, bytes.takeJoined(), charset, maxBytes: limit)
        default: try inputs.add(file: part.name, bytes.takeJoined())
        }
        return .inputs(inputs)
    }
}

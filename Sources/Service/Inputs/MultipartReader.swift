import HTTP
import JSON

/// A `multipart/form-data` body. Names are checked as soon as a part's headers are there, so that a misspelt one is refused
/// before its upload has come in.
struct MultipartReader: BodyReader {
    private var parser: MultipartParser
    private var fields: FormFields

    init(_ contentType: String, inputs: RequestInputs, limits: BodyLimits) throws(Problem) {
        do throws(MultipartError) {
            parser = MultipartParser(
                boundary: try MultipartBoundary(contentType: contentType),
                limits: MultipartLimits(
                    maxBodyBytes: limits.body, maxPartBytes: limits.part, maxParts: limits.parts))
        } catch {
            throw Problem(error)
        }
        fields = FormFields(inputs: inputs, limits: limits)
    }

    var keptBytes: Int { fields.keptBytes }

    mutating func receive(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        do throws(MultipartError) {
            try parser.feed(bytes) { fields.take($0) }
        } catch {
            // What was wrong with a part before the syntax broke is the better advice.
            throw fields.problem ?? Problem(error)
        }
        if let problem = fields.problem { throw problem }
    }

    mutating func finish() throws(Problem) -> ReceivedBody {
        do throws(MultipartError) {
            try parser.finish()
        } catch {
            throw Problem(error)
        }
        return .inputs(fields.inputs)
    }
}

/// Gathers the parts of a form. The first problem is kept, and what follows it is ignored.
private struct FormFields {
    private(set) var inputs: RequestInputs
    private(set) var problem: Problem?
    private let limits: BodyLimits
    private var part: MultipartPart?
    /// The part's name, or that of a candidate or label.
    private var name = ""
    private var meaning: InputRules.Meaning?
    private var bytes = GatheredBytes()
    /// Bytes of the parts that have ended.
    private var endedBytes = 0

    /// Options are short: a prompt is the longest of them.
    private static let optionLimit = 8 << 10
    /// A vector of 4,096 elements, each written with 15 characters; metadata have a limit of their own, without blanks.
    private static let valueLimit = 64 << 10

    init(inputs: RequestInputs, limits: BodyLimits) {
        self.inputs = inputs
        self.limits = limits
    }

    /// Bytes of memory that the parts take up.
    var keptBytes: Int { endedBytes + bytes.capacity }

    mutating func take(_ event: MultipartEvent) {
        guard problem == nil else { return }
        do throws(Problem) {
            switch event {
            case .partBegin(let part): try begin(part)
            case .partData(let data): try append(data)
            case .partEnd: try end()
            }
        } catch {
            problem = error
        }
    }

    private mutating func begin(_ part: MultipartPart) throws(Problem) {
        meaning = inputs.rules.meaning(of: part.name)
        guard meaning != nil || part.mayBeUnchosen && inputs.rules.mayLackPart(part.name) else {
            throw inputs.rules.refusal(ofUnknown: part.name, isFile: part.filename != nil)
        }
        self.part = part
        name = part.name
        // What may turn out to be no file is counted once it has bytes.
        if !part.mayBeUnchosen { try count(part) }
    }

    /// Gives a candidate, label or one of several pictures its name, and refuses a second file of one.
    private mutating func count(_ part: MultipartPart) throws(Problem) {
        if case .part(.candidate)? = meaning {
            name = inputs.nameCandidate(part.name)
            meaning = .part(part.filename == nil ? .text : .image)
        } else if case .part(.label)? = meaning {
            name = inputs.nameCandidate(part.name)
            meaning = .part(.text)
        }
        if case .part(.shown)? = meaning {
            name = inputs.nameCandidate(part.name)
            meaning = .part(.image)
        }
        if case .part(let kind)? = meaning, kind.isFile {
            try inputs.refuseSecond(name)
        }
    }

    private mutating func append(_ data: UnsafeRawBufferPointer) throws(Problem) {
        if let part, part.mayBeUnchosen, bytes.count == 0 { try count(part) }
        if let name = part?.name, let (limit, flag) = smallLimit, bytes.count + data.count > limit {
            throw .tooLarge("part", name, limit: limit, flag: flag)
        }
        bytes.append(data)
    }

    /// The bound on what is not a file; files are counted by the parser.
    private var smallLimit: (Int, String?)? {
        switch meaning {
        case .part(.text): (limits.text, "--max-text")
        case .part(.object), .part(.vector), .part(.messages): (Self.valueLimit, nil)
        case .option: (Self.optionLimit, nil)
        case .part, nil: nil
        }
    }

    private mutating func end() throws(Problem) {
        guard let part else { return }
        if part.mayBeUnchosen, bytes.count == 0 { return }
        guard let meaning else { throw inputs.rules.refusal(ofUnknown: part.name, isFile: true) }
        endedBytes += bytes.count
        let bytes = self.bytes.takeJoined()
        switch meaning {
        case .part(.text): try inputs.add(text: name, text(bytes, of: part), maxBytes: limits.text)
        case .part(.object), .part(.messages): try inputs.add(value: name, json(bytes, of: part))
        case .part(.vector):
            // Base64 begins with a letter, a digit, "+" or "/".
            let text = try text(bytes, of: part)
            let isArray = text.utf8.first { $0 > 0x20 } == UInt8(ascii: "[")
            try inputs.add(value: name, isArray ? json(bytes, of: part) : .string(text))
        case .part: try inputs.add(file: name, bytes)
        case .option(let rule): try inputs.add(rule, .text(text(bytes, of: part)))
        }
    }

    private func json(_ bytes: [UInt8], of part: MultipartPart) throws(Problem) -> JSONValue {
        let text = try text(bytes, of: part)
        do throws(JSONError) {
            // As many bytes as the limit admits may be twice as many in UTF-8.
            return try JSONValue(parsing: text, limits: JSONBodyReader.limits(bytes: 3 * Self.valueLimit))
        } catch {
            throw Problem(.malformedJSON, "In \"\(part.name)\": \(error)", members: ["part": .string(part.name)])
        }
    }

    private func text(_ bytes: [UInt8], of part: MultipartPart) throws(Problem) -> String {
        do throws(MultipartError) {
            return try part.text(bytes)
        } catch {
            throw Problem(error)
        }
    }
}

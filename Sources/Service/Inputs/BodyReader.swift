import HTTP
import Media

/// Turns the bytes of one body into inputs. Called on the connection's event loop, piece by piece.
protocol BodyReader {
    /// Bytes of memory that are taken up by what came so far, and will be by the time it is read.
    var keptBytes: Int { get }
    /// Takes the next bytes.
    mutating func receive(_ bytes: UnsafeRawBufferPointer) throws(Problem)
    /// The body is complete.
    mutating func finish() throws(Problem) -> ReceivedBody
}

/// A complete body.
enum ReceivedBody: Sendable {
    /// Its inputs are known.
    case inputs(RequestInputs)
    /// Its inputs have yet to be parsed, which takes long: not on an event loop.
    case unparsed(@Sendable () throws -> RequestInputs)
}

/// The bounds on bodies and their parts.
struct BodyLimits: Sendable {
    /// `--max-body`
    var body = 32 << 20
    /// `--max-part`
    var part = 32 << 20
    /// `--max-parts`
    var parts = 64
    /// `--max-text`
    var text = 64 << 10
}

/// Picks the reader for a request's `Content-Type`.
func nativeBodyReader(
    for head: HTTPRequestHead, inputs: RequestInputs, limits: BodyLimits
) throws(Problem) -> any BodyReader {
    guard head.hasBody else { return EmptyBodyReader(inputs: inputs) }
    guard let field = head.headers["Content-Type"] else {
        throw unsupported("The request has a body but no Content-Type", inputs.rules)
    }
    guard let type = MediaType(field) else {
        throw unsupported("The Content-Type is not of the form type/subtype", inputs.rules)
    }
    switch type.name {
    case "multipart/form-data":
        return try MultipartReader(field, inputs: inputs, limits: limits)
    case "application/json":
        return JSONBodyReader(inputs: inputs, limits: limits)
    case "text/plain":
        guard let part = inputs.rules.onlyPart(.text) else { break }
        return RawBodyReader(part: part, charset: try charset(of: type), inputs: inputs, limits: limits)
    case let name where name.hasPrefix("audio/") || name == "application/ogg":
        guard let part = inputs.rules.onlyPart(.audio) else { break }
        return RawBodyReader(part: part, inputs: inputs, limits: limits)
    case let name where name.hasPrefix("image/"):
        guard let part = inputs.rules.onlyPart(.image) else { break }
        return RawBodyReader(part: part, inputs: inputs, limits: limits)
    case "application/octet-stream":
        guard let part = inputs.rules.mediaPart else { break }
        return RawBodyReader(part: part, inputs: inputs, limits: limits)
    default: break
    }
    throw unsupported("A body of type \"\(type.name.prefix(64))\" is not read here", inputs.rules)
}

/// The charset of a text; one that is not read is refused by its name.
private func charset(of type: MediaType) throws(Problem) -> Charset {
    guard let label = type["charset"] else { return .utf8 }
    guard let charset = Charset(label: label) else {
        throw Problem(
            .unsupportedMediaType,
            "The charset \"\(label.prefix(32))\" of the body is not read; encode the text as UTF-8.")
    }
    return charset
}

private func unsupported(_ what: String, _ rules: InputRules) -> Problem {
    var accepted = ["multipart/form-data", "application/json"]
    if rules.onlyPart(.image) != nil { accepted += ImageFormat.allCases.map(\.mediaType) }
    if rules.onlyPart(.audio) != nil { accepted += ["audio/wav", "audio/flac", "audio/ogg", "audio/mpeg"] }
    if rules.mediaPart != nil { accepted.append("application/octet-stream") }
    if rules.onlyPart(.text) != nil { accepted.append("text/plain") }
    return Problem(
        .unsupportedMediaType,
        "\(what); send one of \(accepted.joined(separator: ", ")). With curl: -F image=@photo.jpg.",
        headers: HTTPHeaders([("Accept", accepted.joined(separator: ", "))]))
}

extension InputRules {
    /// The part that a raw body of that kind stands for: the route's only part of the kind.
    func onlyPart(_ kind: PartKind) -> Part? {
        let candidates = parts.filter { $0.kind == kind }
        return candidates.count == 1 ? candidates[0] : nil
    }

    /// The part that a raw body of no certain kind stands for: a picture, or where the route takes none, a sound.
    var mediaPart: Part? { onlyPart(.image) ?? onlyPart(.audio) }
}

/// A request without a body: its inputs are those of the query string.
struct EmptyBodyReader: BodyReader {
    let inputs: RequestInputs
    let keptBytes = 0

    mutating func receive(_ bytes: UnsafeRawBufferPointer) {}

    mutating func finish() -> ReceivedBody { .inputs(inputs) }
}

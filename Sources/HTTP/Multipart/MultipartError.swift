/// Why a multipart body was refused.
public enum MultipartError: Error, Sendable, Equatable {
    /// The content type is another one.
    case notFormData(contentType: String)
    /// The content type names no boundary that RFC 2046 allows.
    case invalidBoundary(reason: String)
    /// No line of the body is the boundary.
    case boundaryNotFound(boundary: String)
    /// The body ends before the closing boundary.
    case truncated(boundary: String)
    /// Something other than a line end stands behind the closing boundary.
    case invalidEnd
    /// A header of a part breaks the syntax.
    case invalidHeader(part: String, reason: String)
    /// A part has too many headers, or one that is too long.
    case headersTooLarge(part: String, reason: String)
    /// A part's Content-Disposition is missing, not `form-data`, or has no name.
    case invalidDisposition(part: String, reason: String)
    /// A part is encoded in a way that HTTP does not need.
    case unsupportedEncoding(part: String, encoding: String)
    /// A part is a multipart itself.
    case nested(part: String)
    /// A file of no bytes.
    case emptyFile(part: String)
    /// A text part that is not in its charset, or in one that is not read.
    case invalidText(part: String, reason: String)
    /// More parts than allowed.
    case tooManyParts(limit: Int)
    /// A part with more bytes than allowed.
    case partTooLarge(part: String, limit: Int)
    /// A body with more bytes than allowed.
    case bodyTooLarge(limit: Int)

    /// The status to answer with: 400, 413 or 415.
    public var status: Int {
        switch self {
        case .partTooLarge, .bodyTooLarge: 413
        case .notFormData: 415
        default: 400
        }
    }

    /// The stable code of the problem.
    public var code: String {
        switch self {
        case .partTooLarge, .bodyTooLarge: "body_too_large"
        case .notFormData: "unsupported_media_type"
        default: "malformed_multipart"
        }
    }
}

extension MultipartError: CustomStringConvertible {
    /// A sentence for a person.
    public var description: String {
        switch self {
        case .notFormData(let contentType):
            "the content type \(contentType) is not multipart/form-data; send a form as `curl -F` does"
        case .invalidBoundary(let reason):
            "the content type's boundary \(reason); let the client library write this header"
        case .boundaryNotFound(let boundary):
            "the boundary --\(boundary) that the content type announces does not stand on a line of the body"
        case .truncated(let boundary):
            "the body ends before its closing boundary --\(boundary)--; send it whole"
        case .invalidEnd:
            "something other than a line end stands behind the closing boundary"
        case .invalidHeader(let part, let reason):
            "a header of \(part) is malformed: \(reason)"
        case .headersTooLarge(let part, let reason):
            "\(part) has \(reason)"
        case .invalidDisposition(let part, let reason):
            "\(part) \(reason); write Content-Disposition: form-data; name=\"…\""
        case .unsupportedEncoding(let part, let encoding):
            "\(part) has Content-Transfer-Encoding \(encoding), which is not supported; send the bytes as they are"
        case .nested(let part):
            "\(part) is a multipart itself, which is not supported; send each file as a part of its own"
        case .emptyFile(let part):
            "\(part) is an empty file; leave the part out or send its content"
        case .invalidText(let part, let reason):
            "\(part) \(reason)"
        case .tooManyParts(let limit):
            "the body has more than \(limit) parts, which is the most allowed (--max-parts)"
        case .partTooLarge(let part, let limit):
            "\(part) has more than \(limit) bytes, which is the most allowed (--max-part)"
        case .bodyTooLarge(let limit):
            "the body has more than \(limit) bytes, which is the most allowed (--max-body)"
        }
    }
}

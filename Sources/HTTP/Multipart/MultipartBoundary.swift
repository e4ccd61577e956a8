/// The line that separates the parts of a body (RFC 2046 section 5.1.1).
public struct MultipartBoundary: Sendable, Equatable {
    /// Most characters of a boundary.
    public static let maxLength = 70

    /// The boundary without the leading `--`.
    public let text: String

    /// Checks a boundary: 1 to 70 of RFC 2046's `bchars`, not ending in a space.
    public init(_ text: String) throws(MultipartError) {
        guard !text.isEmpty else { throw .invalidBoundary(reason: "is empty") }
        guard text.utf8.count <= Self.maxLength else {
            throw .invalidBoundary(reason: "has \(text.utf8.count) characters, more than the \(Self.maxLength) allowed")
        }
        guard text.utf8.allSatisfy(\.isBoundaryByte) else {
            throw .invalidBoundary(reason: "has characters that are not allowed there")
        }
        guard text.utf8.last != UInt8(ascii: " ") else { throw .invalidBoundary(reason: "ends in a space") }
        self.text = text
    }

    /// Reads the boundary from a Content-Type such as `multipart/form-data; boundary=XYZ`.
    public init(contentType: String) throws(MultipartError) {
        guard Self.isFormData(contentType) else { throw .notFormData(contentType: contentType) }
        guard let parsed = MIMEParameters(contentType.utf8) else {
            throw .invalidBoundary(reason: "cannot be read, for the header's parameters are malformed")
        }
        guard let boundary = parsed["boundary"] else { throw .invalidBoundary(reason: "is missing") }
        try self.init(String(decoding: boundary, as: UTF8.self))
    }

    /// Whether a Content-Type says `multipart/form-data`, whatever its parameters.
    public static func isFormData(_ contentType: String) -> Bool {
        let type = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }.trimmingBlanks
        return String(Substring(type)).equalsIgnoringASCIICase("multipart/form-data")
    }
}

extension UInt8 {
    /// A byte of RFC 2046's `bchars`.
    fileprivate var isBoundaryByte: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        case UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "+"), UInt8(ascii: "_"),
            UInt8(ascii: ","), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":"),
            UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: " "):
            true
        default:
            false
        }
    }
}

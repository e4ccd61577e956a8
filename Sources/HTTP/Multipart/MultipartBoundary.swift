/// The line that separates the parts of a body (RFC 2046 section 5.1.1).
public struct MultipartBoundary: Sendable, Equatable {
    /// The boundary without the leading `--`.
    public let text: String

    /// Checks a boundary: visible ASCII and spaces, not ending in one.
    ///
    /// RFC 2046 allows fewer characters, and 70 of them at most; clients write others, which are as unmistakable. How long it can
    /// be is bounded by the head that it comes in.
    public init(_ text: String) throws(MultipartError) {
        guard !text.isEmpty else { throw .invalidBoundary(reason: "is empty") }
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw .invalidBoundary(reason: "has characters that are not ASCII")
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

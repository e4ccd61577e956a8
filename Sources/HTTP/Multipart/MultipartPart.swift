/// What the headers of a part say (RFC 7578 section 4).
public struct MultipartPart: Sendable, Equatable {
    /// The field's name. Names may repeat; whether that is allowed is the receiver's to decide.
    public var name: String
    /// The file name that the client shows, nil for a field that is no file. For display only: never a path.
    public var filename: String?
    /// The declared media type, a hint only; nil means `text/plain` (RFC 7578 section 4.4).
    public var contentType: String?

    /// A part's description.
    public init(name: String, filename: String? = nil, contentType: String? = nil) {
        self.name = name
        self.filename = filename
        self.contentType = contentType
    }

    /// The part as messages call it.
    var label: String { "the part \"\(name)\"" }

    /// The content of a text field: UTF-8 without its byte order mark.
    ///
    /// - Throws: `invalidText` if the bytes are not UTF-8 or the part declares another charset.
    public func text(_ content: some Collection<UInt8>) throws(MultipartError) -> String {
        if let contentType, let charset = MIMEParameters(contentType.utf8)?["charset"] {
            let declared = String(decoding: charset, as: UTF8.self)
            guard ["utf-8", "utf8", "us-ascii"].contains(declared.lowercased()) else {
                throw .invalidText(part: label, reason: "it declares the charset \(declared); send UTF-8")
            }
        }
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        guard
            let text = String(
                validating: content.starts(with: byteOrderMark) ? Array(content.dropFirst(3)) : Array(content),
                as: UTF8.self)
        else {
            throw .invalidText(part: label, reason: "its bytes are not valid UTF-8")
        }
        return text
    }
}

/// What the parser finds, in order: for each part `partBegin`, any number of `partData`, `partEnd`.
public enum MultipartEvent {
    /// The headers of a part are complete.
    case partBegin(MultipartPart)
    /// The next bytes of its content, at least one; valid only during the call.
    case partData(UnsafeRawBufferPointer)
    /// Its content is complete.
    case partEnd
}

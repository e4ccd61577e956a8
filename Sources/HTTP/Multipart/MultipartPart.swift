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

    /// Whether a browser sent the part for a file input in which no file was chosen, so long as it has no bytes (HTML Standard,
    /// "constructing the entry list").
    public var mayBeUnchosen: Bool { filename == "" }

    /// The content of a text field, without a byte order mark.
    ///
    /// - Throws: `invalidText` if the bytes are not in the charset that the part declares, UTF-8 if none, or that is not read.
    public func text(_ content: some Collection<UInt8>) throws(MultipartError) -> String {
        var charset = Charset.utf8
        if let contentType, let label = MIMEParameters(contentType.utf8)?["charset"] {
            let declared = String(decoding: label, as: UTF8.self)
            guard let known = Charset(label: declared) else {
                throw .invalidText(
                    part: self.label, reason: "declares the charset \(declared), which is not read; send UTF-8")
            }
            charset = known
        }
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let isMarked = charset == .utf8 && content.starts(with: byteOrderMark)
        guard let text = charset.text(isMarked ? Array(content.dropFirst(3)) : Array(content)) else {
            throw .invalidText(part: self.label, reason: "is not valid UTF-8 text; encode it as UTF-8")
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

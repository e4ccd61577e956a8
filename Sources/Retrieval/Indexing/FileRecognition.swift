/// What a file is, as far as an index of photos and sounds wants to know.
public enum RecognisedFile: Sendable, Equatable {
    /// A photo or a sound.
    case media(ItemKind)
    /// Something else, such as "M4A audio".
    case other(String)
}

/// Tells what a file is from how it begins, and from its name.
public struct FileRecognition: Sendable {
    /// Bytes of the beginning that are looked at.
    public let bytes: Int
    /// What a file of that name and that beginning is.
    public let sort: @Sendable (FileName, [UInt8]) -> RecognisedFile

    /// A way to tell.
    public init(bytes: Int, sort: @escaping @Sendable (FileName, [UInt8]) -> RecognisedFile) {
        self.bytes = bytes
        self.sort = sort
    }
}

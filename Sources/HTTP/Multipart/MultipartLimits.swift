/// The bounds of a multipart body. What passes one is refused with a sentence that names the bound and its option.
public struct MultipartLimits: Sendable, Equatable {
    /// Most bytes of the whole body, preamble, delimiters and epilogue included (`--max-body`). Default: 32 MiB.
    public var maxBodyBytes: Int
    /// Most bytes of one part's content (`--max-part`). Default: 32 MiB.
    public var maxPartBytes: Int
    /// Most parts (`--max-parts`). Default: 64.
    public var maxParts: Int
    /// Most header lines of one part. Default: 8.
    public var maxHeaders: Int
    /// Most bytes of one header line of a part. Default: 4224, room for a file name of 4096 bytes.
    public var maxHeaderBytes: Int

    /// Most spaces and tabs between a boundary and the end of its line (RFC 2046 calls them transport padding).
    static let maxPadding = 64

    /// Bounds with their defaults.
    public init(
        maxBodyBytes: Int = 32 << 20, maxPartBytes: Int = 32 << 20, maxParts: Int = 64, maxHeaders: Int = 8,
        maxHeaderBytes: Int = 4224
    ) {
        self.maxBodyBytes = maxBodyBytes
        self.maxPartBytes = maxPartBytes
        self.maxParts = maxParts
        self.maxHeaders = maxHeaders
        self.maxHeaderBytes = maxHeaderBytes
    }
}

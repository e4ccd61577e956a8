/// What an uploaded image may cost. All but `maxScans` are checked against the header, before anything is decoded.
public struct ImageLimits: Sendable {
    /// Bytes of the file.
    public var maxBytes: Int
    /// Width times height, as stored: 2²⁶ lets in what phones call 64 megapixels, 9248 × 6936 or 9280 × 6920.
    public var maxPixels: Int
    /// Width or height. libjpeg stops at 65,500 itself; the limit also bounds the filter of a later resize.
    public var maxSide: Int
    /// Memory that decoding may take beyond the file itself, in bytes: see ``ImageDecoder/memoryNeeded(for:as:)``.
    public var maxMemory: Int
    /// Scans of a JPEG. Encoders write about 10; each costs a pass over the whole image however few bytes it has.
    public var maxScans: Int

    /// Limits with the defaults of the service.
    public init(
        maxBytes: Int = 32 << 20, maxPixels: Int = 1 << 26, maxSide: Int = 65_500, maxMemory: Int = 512 << 20,
        maxScans: Int = 100
    ) {
        self.maxBytes = maxBytes
        self.maxPixels = maxPixels
        self.maxSide = maxSide
        self.maxMemory = maxMemory
        self.maxScans = maxScans
    }
}

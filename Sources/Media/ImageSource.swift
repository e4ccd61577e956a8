import CImageCodecs

/// Where the bytes of an image come from.
enum ImageSource {
    /// A file in memory.
    case memory(UnsafeRawBufferPointer)
    /// A file that is read while it is decoded.
    case stream(ByteStream)

    /// Bytes of the file.
    var count: Int {
        switch self {
        case .memory(let bytes): bytes.count
        case .stream(let stream): stream.count
        }
    }

    /// Lets `body` read it through a source that is good until it returns.
    func withCodecSource<Result>(_ body: (inout codec_source) -> Result) -> Result {
        switch self {
        case .memory(let bytes):
            var source = codec_source(
                bytes: bytes.bindMemory(to: UInt8.self).baseAddress, count: bytes.count, read: nil, context: nil)
            return body(&source)
        case .stream(let stream):
            // The context is `stream`, which lives until `body` has returned.
            return withExtendedLifetime(stream) {
                var source = codec_source(
                    bytes: nil, count: stream.count,
                    read: { context, piece, size in
                        guard let context else { return 0 }
                        let stream = Unmanaged<ByteStream>.fromOpaque(context).takeUnretainedValue()
                        return stream.read(into: UnsafeMutableRawBufferPointer(start: piece, count: size))
                    }, context: Unmanaged.passUnretained(stream).toOpaque())
                return body(&source)
            }
        }
    }
}

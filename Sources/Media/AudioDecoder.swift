import CAudioCodecs

/// Bytes of a file become samples of one channel at a wanted rate.
///
/// - The format is decided by the bytes. Of WAV, FLAC and MP3 the decoder sees the sound alone: no tags, pictures or other chunks.
/// - Of files that were joined, and of streams that were chained, every one is heard, whatever its channels and its rate.
/// - A file that was cut, or whose header tells a length that is not there, gives what is there, and its header says how much is
///   missing. What a decoder reports as damage is refused (so a FLAC file that ends within a frame), as is what turns out
///   shorter than the frames or pages that are there: see ``AudioDamage``.
/// - Samples of floats are within -1 and 1, or somewhat beyond. Whole numbers beyond are what integers became that nobody divided:
///   they are. Others far beyond are refused, as are samples that are no finite numbers.
public enum AudioDecoder {
    /// Samples that are read at once.
    private static let blockFrames = 4096
    /// Rows, tables and filters of decoder and resampler.
    private static let fixedMemory = 4 << 20

    /// Reads format, rate and length, and refuses what is beyond the limits, without decoding.
    public static func header(of bytes: [UInt8], limits: AudioLimits = AudioLimits()) throws(MediaError) -> AudioHeader
    {
        try bytes.withUnsafeBufferPointer { (buffer) throws(MediaError) in
            try header(of: UnsafeRawBufferPointer(buffer), limits: limits)
        }
    }

    /// Reads format, rate and length, and refuses what is beyond the limits, without decoding.
    public static func header(
        of bytes: UnsafeRawBufferPointer, limits: AudioLimits = AudioLimits()
    ) throws(MediaError) -> AudioHeader {
        guard bytes.count <= limits.maxBytes else {
            throw .audioTooLong(reason: "the file has \(bytes.count) bytes, more than \(limits.maxBytes)")
        }
        let header = try FileSignature.audioHeader(of: bytes)
        try check(header, limits)
        return header
    }

    /// The most memory that decoding takes at any moment beyond the file itself, in bytes: known from the header alone, so
    /// that a caller can wait for that much before it decodes.
    ///
    /// - Parameter inAnotherProcess: whether the samples are copied to whoever asked, who makes numbers of the bytes.
    public static func memoryNeeded(
        for header: AudioHeader, limits: AudioLimits, sampleRate: Int, inAnotherProcess: Bool = false
    ) -> Int {
        let sure = min(header.seconds ?? 0, limits.maxSeconds) + 1
        // An array that grows is copied to one twice as long.
        let most = header.seconds == nil ? limits.maxSeconds * 3 : inAnotherProcess ? sure * 2 : sure
        return Int(most * Double(sampleRate)) * MemoryLayout<Float>.stride + fixedMemory
    }

    /// Decodes to one channel at `sampleRate`: the mean of the channels, resampled with libsoxr's quality HQ.
    public static func decode(
        _ bytes: [UInt8], limits: AudioLimits = AudioLimits(), sampleRate: Int
    ) throws(MediaError) -> AudioClip {
        try bytes.withUnsafeBufferPointer { (buffer) throws(MediaError) in
            try decode(UnsafeRawBufferPointer(buffer), limits: limits, sampleRate: sampleRate)
        }
    }

    /// Decodes to one channel at `sampleRate`: see ``decode(_:limits:sampleRate:)-([UInt8],_,_)``.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, limits: AudioLimits = AudioLimits(), sampleRate: Int
    ) throws(MediaError) -> AudioClip {
        let header = try header(of: bytes, limits: limits)
        let needed = memoryNeeded(for: header, limits: limits, sampleRate: sampleRate)
        guard needed <= limits.maxMemory else {
            throw .audioTooLong(reason: "decoding it takes \(needed >> 20) MiB, more than \(limits.maxMemory >> 20)")
        }
        let samples = try decode(bytes, header, limits, sampleRate)
        guard Double(samples.count) >= AudioLimits.minSeconds * Double(sampleRate) else {
            throw tooShort(Double(samples.count) / Double(sampleRate))
        }
        return AudioClip(samples: samples, sampleRate: sampleRate)
    }

    private static func check(_ header: AudioHeader, _ limits: AudioLimits) throws(MediaError) {
        for stream in header.streams {
            guard AudioLimits.channels.contains(stream.channels) else {
                throw .undecodableAudio(
                    format: stream.format,
                    reason: "it has \(stream.channels) channels, and 1 to \(AudioLimits.channels.upperBound) are mixed")
            }
            guard AudioLimits.sampleRates.contains(stream.sampleRate) else {
                throw .undecodableAudio(
                    format: stream.format,
                    reason: "it has \(stream.sampleRate) samples per second; \(AudioLimits.sampleRates.lowerBound) to "
                        + "\(AudioLimits.sampleRates.upperBound) are read")
            }
        }
        let known = header.streams.reduce(0) { $0 + ($1.seconds ?? 0) }
        guard known <= limits.maxSeconds else {
            throw .audioTooLong(
                reason: "it is \(Int(known.rounded(.up))) seconds long, more than \(Int(limits.maxSeconds))")
        }
        guard let seconds = header.seconds else { return }
        guard seconds >= AudioLimits.minSeconds else { throw tooShort(seconds) }
    }

    private static func tooShort(_ seconds: Double) -> MediaError {
        guard seconds > 0 else { return .audioTooShort(reason: "it has no samples") }
        return .audioTooShort(reason: "it is \(Int((seconds * 1_000).rounded(.down))) ms long")
    }

    /// Decodes one stream after the other. Those of the same rate are resampled as one, without a seam.
    private static func decode(
        _ bytes: UnsafeRawBufferPointer, _ header: AudioHeader, _ limits: AudioLimits, _ sampleRate: Int
    ) throws(MediaError) -> [Float] {
        var converter = SampleRateConverter(
            to: sampleRate, capacity: Int(min(header.seconds ?? 0, limits.maxSeconds) * Double(sampleRate)))
        for stream in header.streams { try decode(stream, of: bytes, limits, into: &converter) }
        try converter.finish()
        return converter.samples
    }

    /// Reads, mixes and resamples a stream block by block, up to the limit.
    private static func decode(
        _ stream: AudioStream, of bytes: UnsafeRawBufferPointer, _ limits: AudioLimits,
        into converter: inout SampleRateConverter
    ) throws(MediaError) {
        let pieces = stream.pieces.map { sound_piece(start: $0.lowerBound, count: $0.count) }
        try stream.head.withUnsafeBufferPointer { (head) throws(MediaError) in
            try pieces.withUnsafeBufferPointer { (pieces) throws(MediaError) in
                var source = sound_bytes(
                    head: head.baseAddress, head_count: head.count,
                    bytes: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), pieces: pieces.baseAddress,
                    piece_count: pieces.count)
                try decode(stream, &source, limits, into: &converter)
            }
        }
    }

    private static func decode(
        _ stream: AudioStream, _ source: inout sound_bytes, _ limits: AudioLimits,
        into converter: inout SampleRateConverter
    ) throws(MediaError) {
        var code: Int32 = 0
        var rate = stream.format == .opus ? 0 : Int32(stream.sampleRate)
        guard let reader = sound_open(&source, Int32(stream.channels), &rate, &code) else {
            throw AudioDamage.refusal(code, stream.format)
        }
        defer { sound_close(reader) }
        // What full scale is may be known only behind the last sample.
        try converter.begin(from: Int(rate), anew: stream.format == .wav)
        let start = converter.samples.count
        let bound = limits.maxSeconds * Double(converter.target)
        var block = [Float](repeating: 0, count: blockFrames)
        var frames = 0
        while true {
            let count = block.withUnsafeMutableBufferPointer { sound_read(reader, $0.baseAddress, Int64($0.count)) }
            guard count >= 0 else { throw AudioDamage.refusal(Int32(-count), stream.format) }
            guard count > 0 else { break }
            frames += Int(count)
            try converter.append(block[..<Int(count)])
            guard Double(converter.samples.count) <= bound else {
                throw .audioTooLong(reason: "it goes on for more than \(Int(limits.maxSeconds)) seconds")
            }
        }
        try AudioDamage.check(stream, decoded: Double(frames) / Double(rate))
        if stream.format == .wav {
            try converter.finish()
            converter.scale(from: start, by: stream.gain * (try AudioLevel.gain(sound_levels_read(reader), stream)))
        }
    }
}

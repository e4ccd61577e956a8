import CAudioCodecs

/// Bytes of a file become samples of one channel at a wanted rate.
///
/// - The format is decided by the first bytes. Of WAV, FLAC and MP3 the decoder sees the sound alone: no tags, pictures or
///   other chunks.
/// - A file that was cut, or whose header tells a length that is not there, gives what is there. Damage that the decoder
///   reports is refused (so a FLAC file that ends within a frame), as are samples that are no finite numbers.
/// - Of several streams one after the other in an Ogg file, what libsndfile reads as one.
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
        let samples = try header.head.withUnsafeBufferPointer { (head) throws(MediaError) in
            let body = UnsafeRawBufferPointer(rebasing: bytes[header.body])
            var source = sound_bytes(
                head: head.baseAddress, head_count: head.count,
                bytes: body.baseAddress?.assumingMemoryBound(to: UInt8.self), count: body.count)
            return try decode(&source, header, limits, sampleRate)
        }
        guard Double(samples.count) >= AudioLimits.minSeconds * Double(sampleRate) else {
            throw tooShort(Double(samples.count) / Double(sampleRate))
        }
        return AudioClip(samples: samples, sampleRate: sampleRate)
    }

    private static func check(_ header: AudioHeader, _ limits: AudioLimits) throws(MediaError) {
        guard AudioLimits.channels.contains(header.channels) else {
            throw .undecodableAudio(
                format: header.format,
                reason: "it has \(header.channels) channels, and 1 to \(AudioLimits.channels.upperBound) are mixed")
        }
        guard AudioLimits.sampleRates.contains(header.sampleRate) else {
            throw .undecodableAudio(
                format: header.format,
                reason: "it has \(header.sampleRate) samples per second; \(AudioLimits.sampleRates.lowerBound) to "
                    + "\(AudioLimits.sampleRates.upperBound) are read")
        }
        guard let seconds = header.seconds else { return }
        guard seconds >= AudioLimits.minSeconds else { throw tooShort(seconds) }
        guard seconds <= limits.maxSeconds else {
            throw .audioTooLong(
                reason: "it is \(Int(seconds.rounded(.up))) seconds long, more than \(Int(limits.maxSeconds))")
        }
    }

    private static func tooShort(_ seconds: Double) -> MediaError {
        guard seconds > 0 else { return .audioTooShort(reason: "it has no samples") }
        return .audioTooShort(reason: "it is \(Int((seconds * 1_000).rounded(.down))) ms long")
    }

    /// Reads, mixes and resamples block by block, up to the limit.
    private static func decode(
        _ source: inout sound_bytes, _ header: AudioHeader, _ limits: AudioLimits, _ sampleRate: Int
    ) throws(MediaError) -> [Float] {
        var message = sound_message()
        var code: Int32 = 0
        var rate = header.format == .opus ? 0 : Int32(header.sampleRate)
        guard let reader = sound_open(&source, Int32(header.channels), &rate, &code, &message) else {
            throw refusal(Int(code), message, header.format)
        }
        defer { sound_close(reader) }
        let bound = limits.maxSeconds * Double(sampleRate)
        var resampler = try SampleRateConverter(
            from: Int(rate), to: sampleRate,
            capacity: Int(min(header.seconds ?? 0, limits.maxSeconds) * Double(sampleRate)))
        var block = [Float](repeating: 0, count: blockFrames)
        while true {
            let count = block.withUnsafeMutableBufferPointer {
                sound_read(reader, $0.baseAddress, Int64($0.count), &message)
            }
            guard count >= 0 else { throw refusal(Int(-count), message, header.format) }
            guard count > 0 else { break }
            try resampler.append(block[..<Int(count)])
            guard Double(resampler.samples.count) <= bound else {
                throw .audioTooLong(reason: "it goes on for more than \(Int(limits.maxSeconds)) seconds")
            }
        }
        try resampler.finish()
        return resampler.samples
    }

    private static func refusal(_ code: Int, _ message: sound_message, _ format: AudioFormat) -> MediaError {
        let reason =
            switch code {
            case sound_out_of_memory: "there was no memory for it"
            case sound_not_finite: "it has samples that are no finite number, or far beyond -1 and 1"
            default: withUnsafeBytes(of: message.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            }
        return .undecodableAudio(format: format, reason: reason.isEmpty ? "it is damaged" : reason.asClause)
    }
}

extension String {
    /// libsndfile's sentences ("Error : flac decoder lost sync."), as a part of ours.
    fileprivate var asClause: String {
        let sentence = hasPrefix("Error : ") ? String(dropFirst(8)) : self
        return sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
    }
}

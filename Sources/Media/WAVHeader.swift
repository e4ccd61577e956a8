/// Walks the chunks of a RIFF/WAVE, RF64 or BW64 file to its format and its samples, and on to files that were joined to it.
///
/// Lengths are believed only as far as there are bytes: recorders that were cut off, and programs that write to a pipe, leave
/// lengths of 0, of 0xFFFFFFFF or whatever the plan was. The decoder gets a header written here and the samples, nothing else.
struct WAVHeader {
    /// From this length on a chunk of samples is as long as nobody knows: programs that write to a pipe tell 0x7FFFF000,
    /// 0x7FFFFFFF, 0xFFFFFFFF and the like.
    private static let endless = 0x7FFF_0000

    private let bytes: ByteReader
    private var unread = 0
    private var missing = 0.0

    static func recognises(_ bytes: ByteReader, at start: Int = 0) -> Bool {
        (bytes.has("RIFF", at: start) || bytes.has("RF64", at: start) || bytes.has("BW64", at: start))
            && bytes.has("WAVE", at: start + 8)
    }

    /// - Parameter bytes: little-endian, of a file that is recognised.
    static func read(_ bytes: ByteReader) throws(MediaError) -> AudioHeader {
        var header = WAVHeader(bytes: bytes)
        var offset = 0
        let first = try header.file(&offset)
        var others: [AudioStream] = []
        while recognises(bytes, at: offset) {
            others.append(try header.file(&offset))
            guard others.count < AudioHeader.mostStreams else {
                throw damaged("more than \(AudioHeader.mostStreams) files were joined in it")
            }
        }
        return AudioHeader(first, others, unreadBytes: header.unread, missingSeconds: header.missing)
    }

    private init(bytes: ByteReader) {
        self.bytes = bytes
    }

    /// One file; `offset` is where it begins, and then where what follows it does.
    private mutating func file(_ offset: inout Int) throws(MediaError) -> AudioStream {
        let start = offset
        var format: WAVFormat?
        var samples: Range<Int>?
        var long: Int?
        var told = 0
        offset += 12
        while samples == nil || format == nil, let length = bytes.uint32(offset + 4) {
            let content = offset + 8
            var next = content + length
            if bytes.has("fmt ", at: offset) {
                let read = try WAVFormat(bytes, content, min(next, bytes.count) - content)
                guard format == nil || format == read else { throw Self.damaged("its format is declared twice") }
                format = read
            } else if bytes.has("ds64", at: offset), let low = bytes.uint32(content + 8),
                let high = bytes.uint32(content + 12)
            {
                long = high == 0 ? low : nil
            } else if bytes.has("data", at: offset), samples == nil {
                if length == 0xFFFF_FFFF, let long, long > 0, !bytes.has("RIFF", at: start) { next = content + long }
                if isUnfinished(length, content) { next = bytes.count }
                if next >= bytes.count, let joined = nextFile(behind: content) { next = joined }
                samples = content..<min(next, bytes.count)
                told = next
            }
            offset = behind(next, from: start)
        }
        guard let format else { throw Self.damaged("it has no format chunk") }
        guard let samples else { throw Self.damaged("it has no data chunk") }
        if told - samples.lowerBound < Self.endless {
            missing += Double((told - samples.upperBound) / format.frameBytes) / Double(format.sampleRate)
        }
        skipChunks(&offset, from: start)
        return try stream(format, samples)
    }

    private func stream(_ format: WAVFormat, _ samples: Range<Int>) throws(MediaError) -> AudioStream {
        let frames = samples.count / format.frameBytes
        let count = frames * format.frameBytes
        guard count < 1 << 32 - 100 else { throw .audioTooLong(reason: "it has \(count) bytes of samples") }
        return AudioStream(
            format: .wav, channels: format.channels, sampleRate: format.sampleRate, frames: frames,
            gain: format.gain(of: samples, in: bytes), head: format.head(dataBytes: count),
            pieces: [samples.lowerBound..<samples.lowerBound + count])
    }

    private static func damaged(_ reason: String) -> MediaError { .undecodableAudio(format: .wav, reason: reason) }

    /// Whether a chunk of samples whose length is 0 goes on to the end: nobody came back to write the length. It is empty where
    /// nothing follows, or other chunks do.
    private func isUnfinished(_ length: Int, _ content: Int) -> Bool {
        length == 0 && content < bytes.count && chunk(at: content) == nil && !Self.recognises(bytes, at: content)
    }

    /// Where a file begins that was joined to one whose samples have no length to be believed.
    private func nextFile(behind content: Int) -> Int? {
        var place = bytes.index(of: "WAVEfmt ", from: content)
        while let found = place, !Self.recognises(bytes, at: found - 8) {
            place = bytes.index(of: "WAVEfmt ", from: found + 1)
        }
        return place.map { $0 - 8 }
    }

    /// The end of the chunk at `offset`, or nil where none is there.
    private func chunk(at offset: Int) -> Int? {
        guard isName(offset), let length = bytes.uint32(offset + 4), offset + 8 + length <= bytes.count else {
            return nil
        }
        return offset + 8 + length
    }

    /// Steps over the chunks and tags behind the samples. What is neither, nor another file, is left unread.
    private mutating func skipChunks(_ offset: inout Int, from start: Int) {
        while offset < bytes.count, !Self.recognises(bytes, at: offset) {
            if let length = SoundTags.length(bytes, at: offset) {
                offset += length
            } else if let end = chunk(at: offset) {
                offset = behind(end, from: start)
            } else {
                // A chunk that was cut is not unknown.
                if !isName(offset) || bytes.uint32(offset + 4) == nil { unread += bytes.count - offset }
                offset = bytes.count
            }
        }
    }

    /// Chunks begin at even offsets from the beginning of their file; some programs forget the byte between.
    private func behind(_ end: Int, from start: Int) -> Int {
        guard (end - start) % 2 == 1, !Self.recognises(bytes, at: end) else { return end }
        return isName(end + 1) || !isName(end) ? end + 1 : end
    }

    private func isName(_ offset: Int) -> Bool {
        bytes.slice(offset, 4)?.allSatisfy { (0x20...0x7E).contains($0) } ?? false
    }
}

/// Walks the frames of MPEG layer III streams: each tells its own length, so that the length of the whole is counted rather than
/// believed, and files that were joined are found.
///
/// The decoder believes the number of frames that an encoder's notes tell, and guesses where there are none; it stops there. So
/// each stream gets notes in front that tell the number counted here, and the decoder sees whole frames alone.
struct MP3Header {
    /// How far damage may reach before the rest is given up, in bytes.
    private static let searched = 1 << 20
    /// Frames in a row that make bytes behind others a sound, rather than numbers that look like one.
    private static let surely = 4

    private let bytes: ByteReader
    private var streams: [AudioStream] = []
    private var run: Run?
    /// Whether an encoder's notes were met, which no sound may have followed.
    private var hasNotes = false
    private var unread = 0
    private var missing = 0.0
    /// Pieces of all streams.
    private var pieces = 0
    /// The length of frames in free format, as far as one was met.
    private var freeBytes: Int?

    /// The frames of a stream so far.
    private struct Run {
        let first: MP3Frame
        let start: Int
        var notes: MP3Notes?
        var count = 0
        var pieces: [Range<Int>] = []

        /// Whether the frame begins another piece.
        mutating func append(_ frame: Range<Int>) -> Bool {
            count += 1
            if let last = pieces.last, last.upperBound == frame.lowerBound {
                pieces[pieces.count - 1] = last.lowerBound..<frame.upperBound
                return false
            }
            pieces.append(frame)
            return true
        }
    }

    /// Whether frames begin at `start`, as far as a few bytes tell.
    static func recognises(_ bytes: ByteReader, at start: Int) -> Bool {
        MP3Frame(bytes, at: start, freeBytes: MP3Frame.freeBytes(bytes, at: start)) != nil
    }

    /// Where frames begin behind bytes that are of no format, as in the recording of a stream; nil where none surely do.
    static func begin(_ bytes: ByteReader, behind start: Int) -> Int? {
        MP3Header(bytes).find(from: start, length: 64 << 10, frames: surely)
    }

    private init(_ bytes: ByteReader) {
        self.bytes = bytes
    }

    /// - Parameter start: where the bytes behind tags begin.
    static func read(_ bytes: ByteReader, at start: Int) throws(MediaError) -> AudioHeader {
        // A tag at the end must not pass for the rest of a frame that was cut.
        var header = MP3Header(bytes.upTo(SoundTags.beforeTrailing(bytes)))
        try header.walk(from: start)
        guard let first = header.streams.first else {
            guard !header.hasNotes else { throw .audioTooShort(reason: "it ends before its first sound") }
            let reason = start >= bytes.count ? "no frame of layer III was found, for it ends within its ID3 tag" : nil
            throw .undecodableAudio(format: .mp3, reason: reason ?? "no frame of layer III was found")
        }
        return AudioHeader(
            first, Array(header.streams.dropFirst()), unreadBytes: header.unread, missingSeconds: header.missing)
    }

    private mutating func walk(from start: Int) throws(MediaError) {
        var offset = start
        while offset < bytes.count {
            if let frame = frame(at: offset), offset + frame.bytes <= bytes.count {
                try take(frame, at: offset)
                offset += frame.bytes
            } else if let length = SoundTags.length(bytes, at: offset) {
                offset += length
            } else {
                let next = find(from: offset + 1, length: Self.searched, frames: 2) ?? bytes.count
                unread += next - offset
                offset = next
            }
        }
        try end()
    }

    /// The frame at a place where one is expected: of the same kind as those before, or followed by one of its own.
    private mutating func frame(at offset: Int) -> MP3Frame? {
        if let frame = MP3Frame(bytes, at: offset, freeBytes: freeBytes) {
            if let first = run?.first, first.sampleRate == frame.sampleRate, first.channels == frame.channels,
                first.isFree == frame.isFree
            {
                return frame
            }
            if follows(frame, at: offset, frames: 2) { return frame }
        }
        guard let found = MP3Frame.freeBytes(bytes, at: offset), found != freeBytes else { return nil }
        freeBytes = found
        return MP3Frame(bytes, at: offset, freeBytes: found)
    }

    private mutating func take(_ frame: MP3Frame, at offset: Int) throws(MediaError) {
        let notes = MP3Notes(bytes, frame, at: offset)
        if let first = run?.first,
            notes != nil || first.channels != frame.channels || first.sampleRate != frame.sampleRate
        {
            try end()
        }
        if run == nil { run = Run(first: frame, start: offset, notes: notes) }
        if notes != nil { hasNotes = true }
        guard notes == nil else { return }
        if run?.append(offset..<offset + frame.bytes) == true { pieces += 1 }
        guard pieces <= AudioHeader.mostPieces else {
            throw .undecodableAudio(format: .mp3, reason: "it is damaged in more than \(AudioHeader.mostPieces) places")
        }
    }

    /// The stream that was read so far is complete.
    private mutating func end() throws(MediaError) {
        guard let run else { return }
        self.run = nil
        if let told = run.notes?.frames, told > run.count {
            missing += Double((told - run.count) * run.first.samples) / Double(run.first.sampleRate)
        }
        guard run.count > 0 else { return }
        guard streams.count < AudioHeader.mostStreams else {
            throw .undecodableAudio(
                format: .mp3, reason: "more than \(AudioHeader.mostStreams) files were joined in it")
        }
        let length = run.pieces.reduce(0) { $0 + $1.count }
        let head =
            run.notes?.telling(run.count, bytes: length, in: bytes)
            ?? MP3Notes.made(bytes, run.first, at: run.start, frames: run.count)
        streams.append(
            AudioStream(
                format: .mp3, channels: run.first.channels, sampleRate: run.first.sampleRate,
                frames: run.count * run.first.samples, slack: 5 * run.first.samples + 1_152, head: head,
                pieces: run.pieces))
    }

    /// The next place where that many frames of a kind follow each other, or fewer end the file.
    private func find(from start: Int, length: Int, frames: Int) -> Int? {
        var place = bytes.index(of: 0xFF, from: start)
        while let offset = place, offset < start + length {
            if let frame = MP3Frame(bytes, at: offset, freeBytes: freeBytes) {
                if follows(frame, at: offset, frames: frames) { return offset }
            } else if MP3Frame.freeBytes(bytes, at: offset) != nil {
                return offset
            }
            place = bytes.index(of: 0xFF, from: offset + 1)
        }
        return nil
    }

    /// Whether a frame begins a row of so many of its kind, or of fewer up to the end of the file or a tag.
    private func follows(_ frame: MP3Frame, at offset: Int, frames: Int) -> Bool {
        var (last, place) = (frame, offset)
        for _ in 1..<frames {
            place += last.bytes
            guard place < bytes.count else { return place == bytes.count }
            if SoundTags.length(bytes, at: place) != nil { return true }
            guard let next = MP3Frame(bytes, at: place, freeBytes: freeBytes), next.sampleRate == frame.sampleRate
            else { return false }
            last = next
        }
        return true
    }
}

/// A frame in which an encoder wrote about the stream that follows, in the place of sound: how many frames it has, and how many
/// samples at both ends are none of it (Xing, as LAME extended it; Fraunhofer's VBRI).
struct MP3Notes {
    /// How many frames it says follow; nil where it does not.
    let frames: Int?
    private let frame: Range<Int>
    /// Where the number stands in the frame; nil in notes that are not passed on.
    private let place: Int?

    /// Reads the notes in a frame; nil where it has sound.
    init?(_ bytes: ByteReader, _ frame: MP3Frame, at offset: Int) {
        self.frame = offset..<offset + frame.bytes
        let tag = offset + 4 + frame.sideBytes
        if bytes.has("Xing", at: tag) || bytes.has("Info", at: tag) {
            let isTold = bytes.uint32(tag + 4).map { $0 & 1 == 1 } ?? false
            frames = isTold ? bytes.uint32(tag + 8) : nil
            place = isTold ? tag + 8 - offset : nil
        } else if bytes.has("VBRI", at: offset + 36) {
            frames = bytes.uint32(offset + 36 + 14)
            place = nil
        } else {
            return nil
        }
    }

    /// The frame with these numbers of frames and of bytes behind it; nil where they cannot be told in it. Where the stream was cut
    /// or goes on, the samples at its end are sound.
    func telling(_ count: Int, bytes length: Int, in bytes: ByteReader) -> [UInt8]? {
        guard let place, place + 4 <= frame.count, let old = bytes.slice(frame.lowerBound, frame.count) else {
            return nil
        }
        var new = Array(old)
        func tell(_ number: Int, at place: Int) {
            for index in 0..<4 { new[place + index] = UInt8(truncatingIfNeeded: number >> (24 - 8 * index)) }
        }
        tell(count, at: place)
        // Behind the number: that of bytes, a table and a quality, each where a bit says so; then LAME's own.
        let flags = Int(new[place - 1])
        if flags & 2 != 0, place + 8 <= new.count { tell(new.count + length, at: place + 4) }
        guard count != frames else { return new }
        let own = place + 4 + (flags & 2 == 0 ? 0 : 4) + (flags & 4 == 0 ? 0 : 100) + (flags & 8 == 0 ? 0 : 4)
        if own + 24 <= new.count {
            new[own + 22] &= 0xF0
            new[own + 23] = 0
        }
        return new
    }

    /// A frame like that at `start`, without sound, that tells how many frames follow.
    static func made(_ bytes: ByteReader, _ first: MP3Frame, at start: Int, frames: Int) -> [UInt8] {
        guard let second = bytes.byte(start + 1), let third = bytes.byte(start + 2), let fourth = bytes.byte(start + 3)
        else { return [] }
        // No checksum (bit 0 of the second byte); 80 or 128 kbit/s, long enough for the notes at every rate.
        let header = [0xFF, second | 1, third & 0x0C | 0x90, fourth].map { UInt8($0) }
        guard let frame = header.withUnsafeBytes({ MP3Frame(ByteReader($0), at: 0) }) else { return [] }
        let count = (0..<4).map { UInt8(truncatingIfNeeded: frames >> (24 - 8 * $0)) }
        let notes = [UInt8](repeating: 0, count: first.sideBytes) + Array("Xing".utf8) + [0, 0, 0, 1] + count
        return header + notes + [UInt8](repeating: 0, count: frame.bytes - header.count - notes.count)
    }
}

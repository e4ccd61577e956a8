/// What is known of a sound before it is decoded: of the whole file, be it one stream or several that were joined.
public struct AudioHeader: Sendable, Equatable {
    /// What it is made of: more than one where files were joined, or a stream was chained (Icecast does at each new title).
    let streams: [AudioStream]
    /// Bytes of the file that are neither sound nor tags, nor anything else that is known.
    public let unreadBytes: Int
    /// Seconds that the file tells of and does not have, for it was cut; 0 where it is whole.
    public let missingSeconds: Double

    /// A sound of these streams, of which there is at least one.
    init(_ first: AudioStream, _ others: [AudioStream] = [], unreadBytes: Int = 0, missingSeconds: Double = 0) {
        streams = [first] + others
        self.unreadBytes = unreadBytes
        self.missingSeconds = missingSeconds
        (format, channels, sampleRate) = (first.format, first.channels, first.sampleRate)
    }

    /// Which decoder reads it, or the first of its streams: decided by the bytes alone, never by a name or a declared type.
    public let format: AudioFormat
    /// Channels as stored, mixed to one when decoded; those of the first stream.
    public let channels: Int
    /// Samples per second as stored; those of the first stream.
    public let sampleRate: Int
    /// How many streams there are, one after the other. All of them are heard.
    public var streamCount: Int { streams.count }

    /// Less is missing of many a file that nobody cut: encoders count their own delay.
    public static let leastMissingSeconds = 0.05

    /// How long it is, all streams together; nil where one of them does not tell.
    public var seconds: Double? {
        var sum = 0.0
        for stream in streams {
            guard let seconds = stream.seconds else { return nil }
            sum += seconds
        }
        return sum
    }

    /// The same where its bytes stand behind others in the file.
    func moved(by offset: Int) -> AudioHeader {
        guard offset > 0 else { return self }
        let moved = streams.map { $0.moved(by: offset) }
        return AudioHeader(
            moved[0], Array(moved.dropFirst()), unreadBytes: unreadBytes, missingSeconds: missingSeconds)
    }

    /// The same with so many bytes in front of it that are no sound.
    func behind(_ count: Int) -> AudioHeader {
        AudioHeader(
            streams[0], Array(streams.dropFirst()), unreadBytes: unreadBytes + count, missingSeconds: missingSeconds)
    }

    /// Most streams of one file: each costs a decoder, however short it is.
    static let mostStreams = 256
    /// Most pieces of all streams together, between which are bytes that are no sound.
    static let mostPieces = 4_096
}

/// One stream of a sound: what one run of the decoder reads.
struct AudioStream: Sendable, Equatable {
    let format: AudioFormat
    /// Channels as stored.
    let channels: Int
    /// Samples per second as stored.
    let sampleRate: Int
    /// Samples of one channel; nil where the header does not tell. Some of those may be missing: see `slack`.
    let frames: Int?
    /// By how many samples of one channel the decoder may give less than `frames` and still give all there is: its delay, and what
    /// is padding at the end.
    var slack = 0
    /// What the samples have to be multiplied by, where full scale is not 1.
    var gain: Float = 1

    /// What the decoder is shown: `head` and behind it these parts of the file. Tags, pictures and chunks that no sample depends
    /// on stay out of it, so that nothing in them can harm.
    let head: [UInt8]
    let pieces: [Range<Int>]

    /// How long it is; nil where the header does not tell.
    var seconds: Double? { frames.map { Double($0) / Double(sampleRate) } }

    fileprivate func moved(by offset: Int) -> AudioStream {
        AudioStream(
            format: format, channels: channels, sampleRate: sampleRate, frames: frames, slack: slack, gain: gain,
            head: head,
            pieces: pieces.map { $0.lowerBound + offset..<$0.upperBound + offset })
    }
}

/// Walks the pages of an Ogg file (RFC 3533): each stream begins with a page that tells its codec, pages tell positions, and
/// where another beginning follows, the next stream of a chain does (section 4), which may have other channels or another rate.
struct OggHeader {
    private let bytes: ByteReader
    private var streams: [AudioStream] = []
    private var link: Link?
    private var unread = 0

    /// What is known of the part of the chain that is walked.
    private struct Link {
        let start: Int
        /// The sound's stream, once its beginning was met. A video's pictures, subtitles and the like may run beside it.
        var sound: OggSound?
        /// Whether all beginnings are behind, which stand before anything else.
        var isUnderWay = false
        /// Where what follows the beginnings starts.
        var rest = 0
    }

    static func recognises(_ bytes: ByteReader) -> Bool { bytes.has("OggS", at: 0) }

    /// - Parameter bytes: little-endian, of a file that is recognised.
    static func read(_ bytes: ByteReader) throws(MediaError) -> AudioHeader {
        guard bytes.byte(26) != nil, bytes.byte(4) == 0 else {
            throw .unsupportedAudio(found: "an Ogg file whose first page is cut")
        }
        var header = OggHeader(bytes: bytes)
        let isEmpty = try header.walk()
        // A title without sound between two others is nothing to decode.
        let sounding = header.streams.filter { $0.frames != 0 }
        guard let first = sounding.first ?? header.streams.first else {
            if isEmpty { throw cutFirstPage(bytes) }
            throw .undecodableAudio(
                format: nil, reason: "they are an Ogg file that begins within a stream, without what its decoder needs")
        }
        return AudioHeader(first, Array(sounding.dropFirst()), unreadBytes: header.unread)
    }

    /// What a file is that ends within its first page.
    private static func cutFirstPage(_ bytes: ByteReader) -> MediaError {
        let packet = 27 + (bytes.byte(26) ?? 0)
        for (format, isFormat) in [
            (AudioFormat.ogg, bytes.has("\u{1}vorbis", at: packet)), (.opus, bytes.has("OpusHead", at: packet)),
        ] where isFormat { return .undecodableAudio(format: format, reason: "its first page is cut") }
        return .unsupportedAudio(found: name(bytes, packet))
    }

    private init(bytes: ByteReader) {
        self.bytes = bytes
    }

    /// Walks all pages; whether there was none.
    private mutating func walk() throws(MediaError) -> Bool {
        var offset = 0
        var isEmpty = true
        while offset < bytes.count {
            if let page = OggPage(bytes, at: offset) {
                try take(page)
                isEmpty = false
                offset = page.range.upperBound
            } else if !isEmpty, let length = SoundTags.length(bytes, at: offset) {
                offset += length
            } else {
                var next = bytes.index(of: "OggS", from: offset + 1)
                while let place = next, OggPage(bytes, at: place) == nil {
                    next = bytes.index(of: "OggS", from: place + 1)
                }
                unread += (next ?? bytes.count) - offset
                offset = next ?? bytes.count
            }
        }
        try end(at: bytes.count)
        return isEmpty
    }

    private mutating func take(_ page: OggPage) throws(MediaError) {
        if page.isFirst {
            if link?.isUnderWay == true { try end(at: page.range.lowerBound) }
            if link == nil { link = Link(start: page.range.lowerBound) }
            try begin(page)
            link?.rest = page.range.upperBound
            return
        }
        guard link != nil else {
            // The middle of a stream whose beginning is not in the file.
            unread += page.range.count
            return
        }
        link?.isUnderWay = true
        if link?.sound?.serial == page.serial { link?.sound?.take(page, bytes) }
    }

    /// Takes the page that begins a stream. Of several sounds that run at once none is the one meant.
    private mutating func begin(_ page: OggPage) throws(MediaError) {
        if let sound = try OggSound(page, bytes) {
            guard link?.sound == nil else {
                throw .undecodableAudio(format: sound.format, reason: "it has several sounds that run at once")
            }
            link?.sound = sound
        } else if !Self.isBesides(bytes, page.body) {
            throw .unsupportedAudio(found: Self.name(bytes, page.body))
        }
    }

    /// The link of the chain that was walked ends there.
    private mutating func end(at end: Int) throws(MediaError) {
        guard let link else { return }
        self.link = nil
        guard let sound = link.sound else { throw .unsupportedAudio(found: "an Ogg file without a sound") }
        guard streams.count < AudioHeader.mostStreams else {
            throw .undecodableAudio(
                format: sound.format, reason: "more than \(AudioHeader.mostStreams) streams follow each other in it")
        }
        // The decoder looks at the first page alone to tell the codec, and skips pages of other streams.
        let first = sound.firstPage
        let isAlone = link.start == first.lowerBound && link.rest == first.upperBound
        let head = isAlone ? [] : bytes.slice(first.lowerBound, first.count).map { Array($0) } ?? []
        streams.append(sound.stream(head: head, pieces: [(isAlone ? link.start : link.rest)..<end]))
    }

    /// Whether a stream is something about the others: Ogg Skeleton, or subtitles.
    private static func isBesides(_ bytes: ByteReader, _ packet: Int) -> Bool {
        bytes.has("fishead\0", at: packet) || bytes.has("CMML\0\0\0\0", at: packet)
            || bytes.byte(packet) == 0x80 && bytes.has("kate\0\0\0", at: packet + 1)
    }

    private static func name(_ bytes: ByteReader, _ packet: Int) -> String {
        if bytes.has("\u{7F}FLAC", at: packet) { return "FLAC in an Ogg file" }
        if bytes.has("Speex   ", at: packet) { return "Speex audio" }
        if bytes.byte(packet) == 0x80, bytes.has("theora", at: packet + 1) { return "an Ogg video (Theora)" }
        return "an Ogg file of another codec"
    }
}

/// Reads the stream information of a FLAC file (RFC 9639 section 8) and steps over every other metadata block: pictures and
/// comments can be of any size, and no sample depends on them. Where files were joined, each begins so.
struct FLACHeader {
    private static let informationBytes = 34

    static func recognises(_ bytes: ByteReader, at start: Int = 0) -> Bool { bytes.has("fLaC", at: start) }

    /// - Parameter start: where the marker is; a tag may come before it.
    static func read(_ bytes: ByteReader, at start: Int) throws(MediaError) -> AudioHeader {
        var streams: [AudioStream] = []
        var next: Int? = start
        while let begin = next {
            let (stream, behind) = try stream(bytes, at: begin)
            streams.append(stream)
            guard streams.count <= AudioHeader.mostStreams else {
                throw damaged("more than \(AudioHeader.mostStreams) files were joined in it")
            }
            next = behind
        }
        return AudioHeader(streams[0], Array(streams.dropFirst()))
    }

    /// The stream that begins at `start`, and where the next one does.
    private static func stream(_ bytes: ByteReader, at start: Int) throws(MediaError) -> (AudioStream, Int?) {
        guard let first = bytes.byte(start + 4), first & 0x7F == 0,
            let information = bytes.slice(start + 8, informationBytes)
        else { throw damaged("its stream information is missing or cut") }
        var block = start + 4
        while let type = bytes.byte(block), let length = uint24(bytes, block + 1) {
            block += 4 + length
            guard type & 0x80 == 0 else { break }
        }
        guard block < bytes.count else { throw damaged("it ends before its first sample") }
        let fields = ByteReader(information)
        guard let high = fields.uint32(10), let low = fields.uint32(14) else { throw damaged("it is cut") }
        let total = (high & 0xF) << 32 | low
        var next = bytes.index(of: "fLaC", from: block)
        while let place = next, !isBegin(bytes, place) { next = bytes.index(of: "fLaC", from: place + 1) }
        // Marker and stream information, marked as the last block.
        let head = Array("fLaC".utf8) + [0x80, 0, 0, UInt8(informationBytes)] + information
        let stream = AudioStream(
            format: .flac, channels: (high >> 9 & 7) + 1, sampleRate: high >> 12, frames: total == 0 ? nil : total,
            head: head, pieces: [block..<end(bytes, of: block..<(next ?? bytes.count))])
        return (stream, next)
    }

    /// Whether a file begins there: the marker, and stream information of the length that it always has.
    private static func isBegin(_ bytes: ByteReader, _ offset: Int) -> Bool {
        recognises(bytes, at: offset) && bytes.byte(offset + 4).map { $0 & 0x7F == 0 } == true
            && uint24(bytes, offset + 5) == informationBytes
    }

    /// Where the frames end: before the tags that taggers put between joined files, and at the end, which are no damage.
    private static func end(_ bytes: ByteReader, of frames: Range<Int>) -> Int {
        var end = frames.upperBound
        let lowest = max(frames.lowerBound, end - longestTag)
        // A tag in front of the next file, where there is one.
        if let tag = (lowest..<end).first(where: {
            bytes.byte($0) == 0x49 && SoundTags.behindLeading(bytes, at: $0) == end
        }) {
            end = tag
        }
        let old = end - 128
        return old > frames.lowerBound && bytes.has("TAG", at: old) ? old : end
    }

    /// The longest tag between joined files that is known from sound: with a picture in it.
    private static let longestTag = 1 << 20

    private static func damaged(_ reason: String) -> MediaError { .undecodableAudio(format: .flac, reason: reason) }

    private static func uint24(_ bytes: ByteReader, _ offset: Int) -> Int? {
        guard let high = bytes.byte(offset), let low = bytes.uint16(offset + 1) else { return nil }
        return high << 16 | low
    }
}

/// A Vorbis or Opus stream in an Ogg file, followed from page to page, which tells how much sound there is without decoding it.
struct OggSound {
    let format: AudioFormat
    let serial: Int
    /// Where its first page is.
    let firstPage: Range<Int>
    private let channels, rate: Int
    /// Samples that an Opus stream has before its sound (RFC 7845 section 4.2).
    private let skipped: Int
    /// The most samples that a Vorbis packet adds (Vorbis I section 4.3.8); half of the long block.
    private let mostPerPacket: Int

    private var sequence: Int
    /// Packets that ended so far: the first are headers.
    private var packets = 1
    private var firstPosition: Int?
    private var lastPosition = 0
    /// Samples of the packets that are there.
    private var held = 0
    /// Samples of the first page with sound, where the positions begin.
    private var heldFirst = 0
    private var holes = 0

    /// Opus counts in 48 kHz whatever was recorded.
    static let opusRate = 48_000

    /// Reads the page that begins a stream; nil where it is of another codec.
    init?(_ page: OggPage, _ bytes: ByteReader) throws(MediaError) {
        let packet = page.body
        (serial, sequence, firstPage) = (page.serial, page.sequence, page.range)
        if bytes.has("\u{1}vorbis", at: packet) {
            guard let count = bytes.byte(packet + 11), let frequency = bytes.uint32(packet + 12),
                let blocks = bytes.byte(packet + 28)
            else { throw .undecodableAudio(format: .ogg, reason: "its first page is cut") }
            (format, channels, rate, skipped) = (.ogg, count, frequency, 0)
            mostPerPacket = 1 << (blocks >> 4) / 2
        } else if bytes.has("OpusHead", at: packet) {
            guard let count = bytes.byte(packet + 9), let delay = bytes.uint16(packet + 10) else {
                throw .undecodableAudio(format: .opus, reason: "its first page is cut")
            }
            (format, channels, rate, skipped) = (.opus, count, Self.opusRate, delay)
            mostPerPacket = 5_760
        } else {
            return nil
        }
    }

    /// Headers before the sound: of Opus two packets, of Vorbis three.
    private var headers: Int { format == .opus ? 2 : 3 }

    /// Follows the stream to its next page.
    mutating func take(_ page: OggPage, _ bytes: ByteReader) {
        let isNext = page.sequence == sequence + 1
        sequence = page.sequence
        let ended = page.packetsEnded
        let sounding = max(0, min(ended, packets + ended - headers))
        packets += ended
        guard packets > headers || sounding > 0 else { return }
        let added = format == .opus ? opusSamples(page, bytes) : sounding * mostPerPacket
        if !isNext, firstPosition != nil { holes += 1 }
        guard let position = page.position, sounding > 0 else {
            held += format == .opus ? added : 0
            return
        }
        if format == .opus {
            held += added
        } else {
            // A position tells more exactly than a number of packets, unless samples are missing before it.
            held += max(0, min(position - lastPosition, added))
        }
        if firstPosition == nil { (firstPosition, heldFirst) = (position, held) }
        lastPosition = max(lastPosition, position)
    }

    /// How many samples the packets that begin on a page have (RFC 6716 section 3.1).
    private func opusSamples(_ page: OggPage, _ bytes: ByteReader) -> Int {
        page.packetStarts().reduce(0) { sum, start in
            guard start < page.range.upperBound, let first = bytes.byte(start) else { return sum }
            let configuration = first >> 3
            let frame =
                switch configuration {
                case 0..<12: [480, 960, 1_920, 2_880][configuration & 3]
                case 12..<16: [480, 960][configuration & 1]
                default: [120, 240, 480, 960][configuration & 3]
                }
            let count =
                switch first & 3 {
                case 0: 1
                case 3: (bytes.byte(start + 1) ?? 0) & 0x3F
                default: 2
                }
            return sum + min(frame * count, mostPerPacket)
        }
    }

    /// The stream as the decoder takes it.
    func stream(head: [UInt8], pieces: [Range<Int>]) -> AudioStream {
        // Positions may begin anywhere (RFC 7845 section 4.3), and the last one tells how much of the last packet is padding.
        let start = max(0, (firstPosition ?? 0) - heldFirst)
        let frames = firstPosition == nil ? 0 : max(0, min(held, lastPosition - start) - skipped)
        // Behind a hole the decoder begins anew. A Vorbis decoder gives nothing for its first packet, of which no number is known
        // here; what an Opus stream has before its sound, libsndfile drops at the end of a live stream.
        let first = format == .opus ? skipped : 2 * mostPerPacket + (start > 0 ? heldFirst : 0)
        let slack = first + 2 * mostPerPacket * min(holes, 1 << 20)
        return AudioStream(
            format: format, channels: channels, sampleRate: rate, frames: frames, slack: slack, head: head,
            pieces: pieces)
    }
}

/// What the four bytes before a frame of MPEG audio layer III tell (ISO/IEC 11172-3 section 2.4.1.3, 13818-3).
struct MP3Frame: Equatable {
    let bytes, samples, sampleRate, channels: Int
    /// Bytes between the frame's header and its data: where an encoder's own tag would stand.
    let sideBytes: Int
    /// Whether its bit rate is none of the table's, so that its length is that of the frames before.
    let isFree: Bool

    /// - Parameter freeBytes: the length of frames in free format, without padding; nil where none is known.
    init?(_ reader: ByteReader, at offset: Int, freeBytes: Int? = nil) {
        guard let fields = Fields(reader, at: offset), fields.layer == 3, fields.bitRateIndex < 15 else { return nil }
        isFree = fields.bitRateIndex == 0
        let padding = fields.isPadded ? 1 : 0
        if isFree {
            guard let freeBytes else { return nil }
            bytes = freeBytes + padding
        } else {
            let bitRate = (fields.isFirst ? Self.bitRates : Self.lowBitRates)[fields.bitRateIndex - 1] * 1_000
            bytes = (fields.isFirst ? 144 : 72) * bitRate / fields.sampleRate + padding
        }
        (samples, sampleRate, channels) = (fields.isFirst ? 1_152 : 576, fields.sampleRate, fields.channels)
        sideBytes = fields.isFirst ? (channels == 1 ? 17 : 32) : (channels == 1 ? 9 : 17)
    }

    private static let bitRates = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
    private static let lowBitRates = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]

    /// The header of a frame of any layer.
    struct Fields {
        /// 1 to 3.
        let layer: Int
        /// Whether it is MPEG-1, and not 2 or 2.5.
        let isFirst: Bool
        /// 0 is free format, 15 none.
        let bitRateIndex: Int
        let sampleRate, channels: Int
        let isPadded: Bool

        init?(_ reader: ByteReader, at offset: Int) {
            guard let sync = reader.uint16(offset), sync >> 5 == 0x7FF, let third = reader.byte(offset + 2),
                let fourth = reader.byte(offset + 3)
            else { return nil }
            let version = sync >> 3 & 3  // 3 is MPEG-1, 2 is MPEG-2, 0 is MPEG-2.5
            let rateIndex = third >> 2 & 3
            layer = 4 - (sync >> 1 & 3)
            bitRateIndex = third >> 4
            guard version != 1, layer < 4, rateIndex < 3 else { return nil }
            isFirst = version == 3
            sampleRate = [44_100, 48_000, 32_000][rateIndex] >> (isFirst ? 0 : version == 2 ? 1 : 2)
            channels = fourth >> 6 == 3 ? 1 : 2
            isPadded = third & 2 != 0
        }
    }

    /// The longest frame in free format that is looked for: 640 kbit/s at 32 kHz, as far as LAME goes.
    private static let longestFree = 2_880

    /// How long the frames in free format are that begin at `offset`: the way to the next one, where it is the same to the one
    /// after. Nil where no such frames are there.
    static func freeBytes(_ reader: ByteReader, at offset: Int) -> Int? {
        guard let first = Fields(reader, at: offset), first.layer == 3, first.bitRateIndex == 0 else { return nil }
        func isNext(_ place: Int) -> Bool {
            guard let fields = Fields(reader, at: place) else { return false }
            return fields.layer == 3 && fields.bitRateIndex == 0 && fields.isFirst == first.isFirst
                && fields.sampleRate == first.sampleRate && fields.channels == first.channels
        }
        for place in offset + 24..<offset + longestFree where isNext(place) {
            let length = place - offset - (first.isPadded ? 1 : 0)
            guard let second = MP3Frame(reader, at: place, freeBytes: length) else { continue }
            let end = place + second.bytes
            if end == reader.count || isNext(end) { return length }
        }
        return nil
    }

    /// The layer of MPEG audio that two frames at `offset` are of, where it is I or II: of these the frames tell their length in
    /// another way, and are not decoded here.
    static func otherLayer(_ reader: ByteReader, at offset: Int) -> String? {
        guard let first = Fields(reader, at: offset), first.layer < 3, (1...14).contains(first.bitRateIndex) else {
            return nil
        }
        let rates =
            switch (first.layer, first.isFirst) {
            case (1, true): [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448]
            case (1, false): [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256]
            case (_, true): [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384]
            case (_, false): lowBitRates
            }
        let bitRate = rates[first.bitRateIndex - 1] * 1_000
        let padding = first.isPadded ? 1 : 0
        let bytes =
            first.layer == 1
            ? (12 * bitRate / first.sampleRate + padding) * 4 : 144 * bitRate / first.sampleRate + padding
        let next = Fields(reader, at: offset + bytes)
        guard
            offset + bytes == reader.count
                || next.map({ $0.layer == first.layer && $0.sampleRate == first.sampleRate }) == true
        else { return nil }
        return first.layer == 1 ? "MPEG layer I audio (MP1)" : "MPEG layer II audio (MP2)"
    }
}

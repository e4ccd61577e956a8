import Media

/// What a decoder process is asked.
enum DecoderTask: Equatable {
    /// An image whose header the server has read.
    case image(
        ImageHeader, maxBytes: Int, maxPixels: Int, maxSide: Int, maxMemory: Int, maxScans: Int, [ImageRendition])
    case audio(maxBytes: Int, maxSeconds: Double, maxMemory: Int, sampleRate: Int)

    private static let formats = ImageFormat.allCases
    /// The numbers of an image before those of its renditions, and of each of these.
    private static let imageNumbers = 11, renditionNumbers = 4

    /// The task as numbers.
    var numbers: [Int] {
        switch self {
        case .image(let header, let maxBytes, let maxPixels, let maxSide, let maxMemory, let maxScans, let renditions):
            let format = Self.formats.firstIndex(of: header.format) ?? 0
            return [0, maxBytes, maxPixels, maxSide, maxMemory, maxScans]
                + [format, header.width, header.height, header.keptBytes, header.orientation]
                + renditions.flatMap { rendition -> [Int] in
                    switch rendition {
                    case .stretched(let width, let height, let filter): [0, width, height, filter.rawValue]
                    case .within(let side, let filter): [1, side, side, filter.rawValue]
                    case .shortest(let side, let filter): [3, side, side, filter.rawValue]
                    case .longest(let side, let filter): [4, side, side, filter.rawValue]
                    case .reduced(let least): [2, least, least, Resampling.bilinear.rawValue]
                    }
                }
        case .audio(let maxBytes, let maxSeconds, let maxMemory, let sampleRate):
            return [1, maxBytes, Int(bitPattern: UInt(maxSeconds.bitPattern)), maxMemory, sampleRate]
        }
    }

    /// The task that numbers say; nil where they say none.
    init?(_ numbers: [Int]) {
        switch numbers.first {
        case 0 where numbers.count >= Self.imageNumbers:
            guard Self.formats.indices.contains(numbers[6]),
                let header = ImageHeader(
                    format: Self.formats[numbers[6]], width: numbers[7], height: numbers[8], keptBytes: numbers[9],
                    orientation: numbers[10]),
                let renditions = Self.renditions(Array(numbers[Self.imageNumbers...]))
            else { return nil }
            self = .image(
                header, maxBytes: numbers[1], maxPixels: numbers[2], maxSide: numbers[3], maxMemory: numbers[4],
                maxScans: numbers[5], renditions)
        case 1 where numbers.count == 5:
            self = .audio(
                maxBytes: numbers[1], maxSeconds: Double(bitPattern: UInt64(UInt(bitPattern: numbers[2]))),
                maxMemory: numbers[3], sampleRate: numbers[4])
        default: return nil
        }
    }

    private static func renditions(_ numbers: [Int]) -> [ImageRendition]? {
        guard numbers.count % renditionNumbers == 0 else { return nil }
        var renditions: [ImageRendition] = []
        for start in stride(from: 0, to: numbers.count, by: renditionNumbers) {
            guard let filter = Resampling(rawValue: numbers[start + 3]) else { return nil }
            switch numbers[start] {
            case 0: renditions.append(.stretched(width: numbers[start + 1], height: numbers[start + 2], filter))
            case 1: renditions.append(.within(side: numbers[start + 1], filter))
            case 2: renditions.append(.reduced(least: numbers[start + 1]))
            case 3: renditions.append(.shortest(side: numbers[start + 1], filter))
            case 4: renditions.append(.longest(side: numbers[start + 1], filter))
            default: return nil
            }
        }
        return renditions
    }

    /// Does it, in this process, and says what came out. An image is decoded while it comes; a sound comes first.
    func run(_ file: ByteStream) -> DecoderMessage {
        do throws(MediaError) {
            switch self {
            case .image(
                let header, let maxBytes, let maxPixels, let maxSide, let maxMemory, let maxScans, let renditions):
                let limits = ImageLimits(
                    maxBytes: maxBytes, maxPixels: maxPixels, maxSide: maxSide, maxMemory: maxMemory,
                    maxScans: maxScans)
                let images = try ImageDecoder.decode(file, header: header, limits: limits, as: renditions)
                return DecoderMessage(
                    numbers: [0] + images.flatMap { [$0.width, $0.height] },
                    bytes: images.count == 1 ? images[0].pixels : images.flatMap(\.pixels))
            case .audio(let maxBytes, let maxSeconds, let maxMemory, let sampleRate):
                let bytes = file.readAll()
                guard bytes.count == file.count else { return DecoderMessage(numbers: [2]) }
                let limits = AudioLimits(maxBytes: maxBytes, maxSeconds: maxSeconds, maxMemory: maxMemory)
                let clip = try AudioDecoder.decode(bytes, limits: limits, sampleRate: sampleRate)
                return DecoderMessage(numbers: [0], bytes: clip.samples.withUnsafeBytes { Array($0) })
            }
        } catch {
            return DecoderMessage(refusal: error)
        }
    }
}

import Media

/// Reads answers of a decoder process. It may have been taken over by what it decoded: nothing it says is believed unchecked.
extension DecoderMessage {
    private static let imageFormats = ImageFormat.allCases
    private static let audioFormats = AudioFormat.allCases

    /// A refusal as a message: which error, which format counted from 1, and the sentence.
    init(refusal: MediaError) {
        let (kind, format, reason) =
            switch refusal {
            case .unsupportedFormat(let found): (0, 0, found)
            case .undecodable(let format, let reason): (1, Self.place(format, Self.imageFormats), reason)
            case .tooLarge(let reason): (2, 0, reason)
            case .unsupportedAudio(let found): (3, 0, found)
            case .undecodableAudio(let format, let reason): (4, Self.place(format, Self.audioFormats), reason)
            case .audioTooLong(let reason): (5, 0, reason)
            case .audioTooShort(let reason): (6, 0, reason)
            }
        self.init(numbers: [1, kind, format], bytes: Array(reason.utf8))
    }

    private static func place<Format: Equatable>(_ format: Format?, _ all: [Format]) -> Int {
        format.flatMap { all.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
    }

    /// The refusal that a message says; nil where it says none.
    private var refusal: MediaError? {
        guard numbers.count == 3, numbers[0] == 1, bytes.count <= 1_000 else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        let isPlain = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0 != "\u{FFFD}" }
        let reason = isPlain ? text : "it is damaged"
        let imageFormat = numbers[2] - 1
        switch numbers[1] {
        case 0: return .unsupportedFormat(found: reason)
        case 1:
            return .undecodable(
                format: Self.imageFormats.indices.contains(imageFormat) ? Self.imageFormats[imageFormat] : nil,
                reason: reason)
        case 2: return .tooLarge(reason: reason)
        case 3: return .unsupportedAudio(found: reason)
        case 4:
            return .undecodableAudio(
                format: Self.audioFormats.indices.contains(imageFormat) ? Self.audioFormats[imageFormat] : nil,
                reason: reason)
        case 5: return .audioTooLong(reason: reason)
        case 6: return .audioTooShort(reason: reason)
        default: return nil
        }
    }

    /// The images that answer a task; throws what was refused, or that it is no answer.
    func images(_ renditions: [ImageRendition], maxPixels: Int) throws -> [PixelImage] {
        if let refusal { throw refusal }
        guard numbers.first == 0, numbers.count == 1 + 2 * renditions.count else { throw DecoderFailure.broke }
        var start = 0
        return try renditions.enumerated().map { index, rendition in
            let (width, height) = (numbers[1 + 2 * index], numbers[2 + 2 * index])
            guard rendition.allows(width, height, maxPixels: maxPixels), width * height * 3 <= bytes.count - start
            else {
                throw DecoderFailure.broke
            }
            defer { start += width * height * 3 }
            let isAll = start == 0 && width * height * 3 == bytes.count
            return PixelImage(
                width: width, height: height, pixels: isAll ? bytes : Array(bytes[start..<start + width * height * 3]))
        }
    }

    /// The samples that answer a task; throws what was refused, or that it is no answer.
    func samples() throws -> [Float] {
        if let refusal { throw refusal }
        guard numbers == [0], bytes.count % MemoryLayout<Float>.size == 0 else { throw DecoderFailure.broke }
        let samples = bytes.withUnsafeBytes { raw in
            [Float](unsafeUninitializedCapacity: raw.count / MemoryLayout<Float>.size) { target, initialized in
                // As many bytes as the capacity has, by the line above.
                UnsafeMutableRawBufferPointer(target).copyMemory(from: raw)
                initialized = raw.count / MemoryLayout<Float>.size
            }
        }
        guard samples.allSatisfy(\.isFinite) else { throw DecoderFailure.broke }
        return samples
    }
}

extension ImageRendition {
    /// Whether a result may have this size.
    fileprivate func allows(_ width: Int, _ height: Int, maxPixels: Int) -> Bool {
        switch self {
        case .stretched(let wantedWidth, let wantedHeight, _): width == wantedWidth && height == wantedHeight
        case .within(let side, _): (1...side).contains(width) && (1...side).contains(height)
        case .shortest(let side, _): min(width, height) == side && max(width, height) <= maxPixels / side
        case .longest(let side, _):
            max(width, height) >= side && (1...side + 1).contains(width) && (1...side + 1).contains(height)
        case .reduced:
            width > 0 && height > 0 && height <= maxPixels / width
        }
    }

    /// The most bytes that a result may have.
    func maxBytes(maxPixels: Int) -> Int {
        switch self {
        case .stretched(let width, let height, _): width * height * 3
        case .within(let side, _): side * side * 3
        case .longest(let side, _): (side + 1) * (side + 1) * 3
        case .reduced, .shortest: maxPixels * 3
        }
    }
}

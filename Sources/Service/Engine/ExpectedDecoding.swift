import Media
import Tasks

/// How long decoding is expected to take, by headers alone.
enum ExpectedDecoding {
    /// What takes longer than this is as urgent as its client's place makes it from its beginning on, what was thought shorter
    /// after this time (``RequestWork/urgency(ofSeconds:)``).
    private static let short = 0.05

    /// Whether work of so many seconds is long.
    static func length(_ seconds: Double) -> DecodingLength { seconds > short ? .long : .short }

    /// The seconds of a processor that a request's files take together.
    static func seconds(of wanted: [PartSpec], in inputs: RequestInputs) -> Double {
        wanted.reduce(0) { sum, input in
            guard let file = inputs.peek(input.source) else { return sum }
            switch input.kind {
            case .image, .page, .face: return sum + secondsOfImage(file)
            case .sound: return sum + secondsOfSound(file)
            case .text, .features: return sum
            }
        }
    }

    /// Nanoseconds of a processor per pixel, roughly, for a wrong guess costs 50 ms at most: one pass over a photo; many
    /// passes over one that is kept as coefficients; a PNG, which is inflated.
    private static func secondsOfImage(_ file: [UInt8]) -> Double {
        guard let header = try? ImageDecoder.header(of: file) else { return 0 }
        let nanoseconds: Double =
            switch header.format {
            case .jpeg: header.keptBytes > header.width * header.height ? 45 : 11
            case .png, .gif, .bmp: 12
            case .webp, .tiff: 20
            case .heic, .avif: 40
            }
        return Double(header.width * header.height) * nanoseconds * 1e-9
    }

    /// A second of sound takes about 1.5 ms, and to begin a stream as much; where the header does not tell how many seconds there
    /// are, 4 KB make one.
    private static func secondsOfSound(_ file: [UInt8]) -> Double {
        guard let header = try? AudioDecoder.header(of: file) else { return 0 }
        return ((header.seconds ?? Double(file.count) / 4_096) + Double(header.streamCount)) * 1.5e-3
    }
}

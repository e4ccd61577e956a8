import Checkpoint
import Media
import Networks
import Synchronization
import Tokenizer

@testable import Service
@testable import Tasks

/// A model whose answers follow from its inputs by simple rules, and which can be held up where a test wants it.
final class FakeModel: GeneratingModel, FaceFindingModel, ReadingModel {
    /// Steps that a caption takes: one word each.
    let words: Int
    /// Captions of more tokens than this go on for ever.
    let neverEndsBeyond: Int
    /// Passed at the begin of each batch of images.
    let encodeGate: Gate?
    /// Passed at the begin of each step.
    let stepGate: Gate?
    /// Passed before each sound is heard.
    let listenGate: Gate?
    /// Notes what ran.
    let counts = Mutex(Counts())

    struct Counts {
        var encodedImages = 0
        var steps = 0
        /// Windows of each sound that a tower was given.
        var heardWindows: [Int] = []
        /// Lines of each batch that were read.
        var readBatches: [Int] = []
    }

    /// - Parameters:
    ///   - name: by which it is served.
    ///   - hasHeads: whether it classifies.
    ///   - hasSpace: whether its vectors of images, sounds and texts can be compared.
    ///   - hears: whether sounds are among them.
    ///   - faces: what it finds in every image; nil where it looks for none.
    ///   - lines: what stands in every image.
    ///   - reads: whether words are read.
    ///   - confidence: how sure it is of all that it says.
    init(
        name: String = "fake", words: Int = 3, neverEndsBeyond: Int = .max, encodeGate: Gate? = nil,
        stepGate: Gate? = nil,
        listenGate: Gate? = nil, hasHeads: Bool = true, hasSpace: Bool = false, hears: Bool = true,
        faces: [FaceBox]? = nil, lines: [FakeLine] = [], reads: Bool = true, confidence: Confidence? = nil
    ) {
        self.confidence = confidence
        self.faces = faces
        self.lines = lines
        var card = Self.card(hasHeads: hasHeads, hasSpace: hasSpace, hears: hears, reads: reads)
        card.name = name
        self.card = card
        self.words = words
        self.neverEndsBeyond = neverEndsBeyond
        self.encodeGate = encodeGate
        self.stepGate = stepGate
        self.listenGate = listenGate
    }

    let card: ModelCard
    let confidence: Confidence?
    /// What it finds in every image.
    private let faces: [FaceBox]?

    func faces(in image: PixelImage) -> [FaceBox]? { faces }

    /// What stands in every image.
    private let lines: [FakeLine]

    func findLines(in image: PixelImage, pause: () -> Void) -> (boxes: [TextBox], left: Int) {
        (lines.map(\.box), 0)
    }

    func read(_ boxes: [TextBox], of image: PixelImage, pause: () -> Void) -> [ReadText] {
        counts.withLock { $0.readBatches.append(boxes.count) }
        return boxes.map { box in lines.first { $0.box == box }?.text ?? ReadText(text: "", confidence: 0) }
    }

    final class Caption {
        let brightness: Float
        let options: GenerationOptions
        let words: Int
        var written = 0

        init(brightness: Float, options: GenerationOptions, words: Int) {
            self.brightness = brightness
            self.options = options
            self.words = words
        }
    }

    func validate(_ options: GenerationOptions) throws { try options.validate(longest: 64, Self.usual) }

    private static let usual: GenerationConfiguration = {
        var usual = GenerationConfiguration()
        usual.beams = 3
        return usual
    }()

    /// The mean brightness of each.
    func encode(images: [[Float]]) -> [Float] {
        if !images.isEmpty { encodeGate?.pass() }
        counts.withLock { $0.encodedImages += images.count }
        return images.map { $0.reduce(0, +) / Float($0.count) }
    }

    func start(_ requests: [GenerationRequest], pause: () -> Void) -> [Result<Caption, any Error>] {
        var captions: [(pixels: [Float], options: GenerationOptions)] = []
        for case .caption(image: .pixels(let pixels), let options) in requests { captions.append((pixels, options)) }
        return zip(encode(images: captions.map(\.pixels)), captions).map { brightness, caption in
            let options = caption.options
            let most = options.maxTokens ?? 30
            return .success(
                Caption(
                    brightness: brightness, options: options, words: most > neverEndsBeyond ? .max : min(most, words)))
        }
    }

    func step(_ generations: [Caption]) {
        stepGate?.pass()
        counts.withLock { $0.steps += 1 }
        for generation in generations { generation.written += 1 }
    }

    func progress(of generation: Caption) -> GenerationProgress {
        let word = generation.written == 1 ? "grey\(Int(generation.brightness))" : " very"
        guard generation.written >= generation.words else { return GenerationProgress(newText: word) }
        let tokens = ["grey\(Int(generation.brightness))"] + Array(repeating: "very", count: generation.words - 1)
        let candidates = (0..<generation.options.candidates).map { rank in
            TextCandidate(
                text: tokens.joined(separator: " "), logProbability: -0.5 - Double(rank), tokens: tokens,
                ids: Array(0..<tokens.count),
                attention: generation.options.explain ? tokens.map { _ in [1, 0, 0, 0] } : nil, confidence: confidence)
        }
        return GenerationProgress(newText: word, result: .captions(candidates, seen: []))
    }
}

/// A line of text in the images of a ``FakeModel``.
struct FakeLine: Sendable {
    let box: TextBox
    let text: ReadText

    /// A line that lies in a rectangle.
    init(_ text: String, _ confidence: Float, x: Float, y: Float, width: Float, height: Float) {
        box = TextBox(corners: [
            SIMD2(x, y), SIMD2(x + width, y), SIMD2(x + width, y + height), SIMD2(x, y + height),
        ])
        self.text = ReadText(text: text, confidence: confidence)
    }
}

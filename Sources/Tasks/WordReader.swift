import Checkpoint
import Media
import Networks
import Synchronization
import Tensor

/// Where a line of text is in a picture.
public struct TextBox: Sendable, Equatable {
    /// Its corners in pixels of the picture that was searched, clockwise from the top left of what was found.
    public let corners: [SIMD2<Float>]

    /// - Precondition: four corners.
    public init(corners: [SIMD2<Float>]) {
        precondition(corners.count == 4, "a box has four corners")
        self.corners = corners
    }
}

/// Finds and reads the words of a picture, as PP-OCRv4 does (RapidOCR's rules).
///
/// Every length of work has a bound: the finder sees about a million pixels, at most 1,000 of the lines that it finds are looked
/// at, and of these as many are read as have ``mostColumns`` columns together.
public struct WordReader: Sendable {
    private let finder: TextFinder
    private let reader: TextReader

    /// The side within which a picture is to be decoded for it: letters are read from what is left then.
    public static let pictureSide = 2000
    /// Lines that were read with less than this mean probability of their characters count as not read: most of them are of a
    /// script that the reader does not know, mirrored, or no text (docs/decisions/0195).
    public static let leastConfidence: Float = 0.85
    /// The same for lines of which half the words have a capital behind a small letter: so looks Cyrillic that is taken for Latin.
    static let leastConfidenceOfMixed: Float = 0.95
    /// The mean probability that a line needs.
    static func leastConfidence(of text: String) -> Float {
        let words = text.split(separator: " ")
        let mixed = words.count { word in
            zip(word, word.dropFirst()).contains { $0.isLowercase && $1.isUppercase }
        }
        return mixed > 0 && 2 * mixed >= words.count ? leastConfidenceOfMixed : leastConfidence
    }

    /// Columns, at 48 rows, of all lines of a picture that are read: 300 lines of the least width.
    public static let mostColumns = 96_000

    /// Below this a line is read upside down as well: upside-down lines are far below, upright ones seldom.
    private static let doubtful: Float = 0.9
    private static let leastColumns = 320
    private static let widestLine = 3200
    /// What the finder's picture has at most, and what its shorter side has at least where that allows it.
    private static let mostPixels = 1 << 20
    private static let leastSide = 736
    /// A picture flatter than this gets room above and below.
    private static let flattest = 8
    private static let lowest = 30

    /// nil where one of them is missing.
    init?(_ finder: TextFinder?, _ reader: TextReader?) {
        guard let finder, let reader else { return nil }
        self.finder = finder
        self.reader = reader
    }

    /// The lines of a picture, in the order in which they are read, and how many more it has. Takes half a second of a processor
    /// and 100 MB; `pause` is called every few milliseconds.
    func find(in image: PixelImage, pool: ComputePool, pause: () -> Void) -> (boxes: [TextBox], left: Int) {
        let margin = Self.margin(image)
        let framed =
            margin == 0
            ? image
            : image.framed(width: image.width, height: image.height + 2 * margin, left: 0, top: margin)
        let size = Self.finderSize(width: framed.width, height: framed.height)
        let pixels = framed.resized(width: size.width, height: size.height, .bilinear).normalized
        // Its own, so that it is given back: pictures are of any size.
        let map = TextMap(
            finder.probabilities(
                pixels, height: size.height, width: size.width, workspace: Workspace(), pool: pool, pause: pause),
            height: size.height, width: size.width)
        let found = map.lines()
        let scale = SIMD2(
            Float(framed.width) / Float(size.width), Float(framed.height) / Float(size.height))
        let last = SIMD2(Float(image.width - 1), Float(image.height - 1))
        let boxes = found.boxes.compactMap { corners -> TextBox? in
            let inPicture = corners.map { corner in
                ((corner * scale).rounded(.toNearestOrAwayFromZero) - SIMD2(0, Float(margin)))
                    .clamped(lowerBound: .zero, upperBound: last)
            }
            let across = inPicture[0] - inPicture[1]
            let down = inPicture[0] - inPicture[3]
            guard min((across * across).sum(), (down * down).sum()) > 9 else { return nil }
            return TextBox(corners: inPicture)
        }
        return (Self.inReadingOrder(boxes), found.left)
    }

    /// Rows to be put above and below a flat picture, whose letters would touch its edges else.
    private static func margin(_ image: PixelImage) -> Int {
        guard image.height <= lowest || image.width > flattest * image.height else { return 0 }
        return max(0, 2 * max(image.width / flattest, lowest) - image.height) / 2
    }

    /// The size in which the finder sees a picture of this size: a shorter side of 736 pixels at least, a million pixels in all at
    /// most, sides that are multiples of 32.
    static func finderSize(width: Int, height: Int) -> (width: Int, height: Int) {
        let (w, h) = (Float(width), Float(height))
        let scale = min(max(1, Float(leastSide) / min(w, h)), (Float(mostPixels) / (w * h)).squareRoot())
        let multiple = Float(TextFinder.sideMultiple)
        func side(_ length: Float) -> Int {
            max(1, Int((length * scale / multiple).rounded())) * TextFinder.sideMultiple
        }
        return (min(side(w), mostPixels / 64), min(side(h), mostPixels / 64))
    }

    /// Lines from top to bottom, of those that share most of their height from left to right.
    static func inReadingOrder(_ boxes: [TextBox]) -> [TextBox] {
        let sorted = boxes.enumerated().sorted {
            ($0.element.top, $0.element.left, $0.offset) < ($1.element.top, $1.element.left, $1.offset)
        }
        var rows: [[TextBox]] = []
        for (_, box) in sorted {
            if let row = rows.last?.first, box.middle < row.bottom - row.height / 4 {
                rows[rows.count - 1].append(box)
            } else {
                rows.append([box])
            }
        }
        return rows.flatMap { row in
            row.enumerated().sorted { ($0.element.left, $0.offset) < ($1.element.left, $1.offset) }.map(\.element)
        }
    }

    /// The columns that each box has as the reader sees it.
    static func columns(of box: TextBox) -> Int {
        func length(_ a: Int, _ b: Int) -> Float {
            let side = box.corners[a] - box.corners[b]
            return (side * side).sum().squareRoot()
        }
        let across = max(length(0, 1), length(2, 3), 1)
        let down = max(length(0, 3), length(1, 2), 1)
        return columns(ratio: down >= 1.5 * across ? down / across : across / down)
    }

    private static func columns(ratio: Float) -> Int {
        let columns = (min(ratio * Float(TextReader.height), Float(widestLine))).rounded(.up)
        let multiple = TextReader.widthMultiple
        return max(leastColumns, (Int(columns) + multiple - 1) / multiple * multiple)
    }

    /// What stands in each of the boxes: a line on each thread. `pause` is called between lines.
    func read(_ boxes: [TextBox], of image: PixelImage, pool: ComputePool, pause: () -> Void) -> [ReadText] {
        // Each thread computes in memory of its own.
        nonisolated(unsafe) let workspaces = (0..<pool.threadCount).map { _ in Workspace() }
        let texts = Mutex([ReadText](repeating: ReadText(text: "", confidence: 0), count: boxes.count))
        for first in stride(from: 0, to: boxes.count, by: pool.threadCount) {
            pool.forEach(min(pool.threadCount, boxes.count - first)) { piece, thread, pool in
                let text = read(boxes[first + piece], of: image, workspaces[thread], pool)
                texts.withLock { $0[first + piece] = text }
            }
            pause()
        }
        return texts.withLock(\.self)
    }

    private func read(_ box: TextBox, of image: PixelImage, _ workspace: Workspace, _ pool: ComputePool) -> ReadText {
        guard let line = image.straightened(box.corners) else { return ReadText(text: "", confidence: 0) }
        let upright = read(line, workspace, pool)
        guard upright.confidence < Self.doubtful else { return upright }
        let turned = read(line.upsideDown, workspace, pool)
        return turned.confidence > upright.confidence ? turned : upright
    }

    private func read(_ line: PixelImage, _ workspace: Workspace, _ pool: ComputePool) -> ReadText {
        let ratio = Float(line.width) / Float(line.height)
        let width = Self.columns(ratio: ratio)
        let filled = min(width, Int((ratio * Float(TextReader.height)).rounded(.up)))
        let letters = line.resized(width: max(1, filled), height: TextReader.height, .bilinear)
        // What is behind the letters is zero, between black and white.
        var pixels = [Float](repeating: 0, count: TextReader.height * width * 3)
        let values = letters.normalized
        for row in 0..<TextReader.height {
            let count = letters.width * 3
            pixels.replaceSubrange(
                row * width * 3..<row * width * 3 + count, with: values[row * count..<(row + 1) * count])
        }
        return reader.read(pixels, width: width, workspace: workspace, pool: pool)
    }
}

extension TextBox {
    fileprivate var left: Float { corners.map(\.x).min() ?? 0 }
    fileprivate var top: Float { corners.map(\.y).min() ?? 0 }
    fileprivate var bottom: Float { corners.map(\.y).max() ?? 0 }
    fileprivate var height: Float { bottom - top }
    fileprivate var middle: Float { (top + bottom) / 2 }
}

extension PixelImage {
    /// Its values in -1...1.
    fileprivate var normalized: [Float] { pixels.map { Float($0) / 127.5 - 1 } }
}

import Checkpoint
import Glibc
import Tensor

/// Reads a line of text: SVTR (Du et al. 2022) on ``LCNet``, as PP-OCRv4 has it, and CTC (Graves et al. 2006).
///
///     grid = mean of each 3 × 2 cells of the trunk's last grid: one row, an eighth of the line's width
///     x = swish(widen(swish(reduce(grid))));  x = layer(x) twice;  x = norm(x)
///     x = swish(narrow(swish(join(grid beside swish(restore(x))))))
///     logits of each step = characters(x)
public final class TextReader: Sendable {
    private let configuration: SensoriumConfiguration.TextReader
    private let trunk: LCNet
    private let reduce: WindowConvolution
    private let widen: Pointwise
    private let layers: [LineLayer]
    private let norm: LayerNorm
    private let restore: Pointwise
    private let join: WindowConvolution
    private let narrow: Pointwise
    private let characters: Pointwise

    /// Pixels from top to bottom of a line.
    public static let height = 48
    /// Widths of lines are multiples of this; one step each.
    public static let widthMultiple = 8
    private static let width = 120
    private static let narrowWidth = 60
    private static let layerCount = 2

    /// Reads the reader's tensors.
    public init(_ weights: Weights, _ configuration: SensoriumConfiguration.TextReader) {
        self.configuration = configuration
        let (channels, width, narrowWidth) = (Self.trunkChannels, Self.width, Self.narrowWidth)
        trunk = LCNet(weights, .reader)
        reduce = weights.window("reduce", channels, narrowWidth, rows: 1, columns: 3)
        widen = weights.pointwise("widen", narrowWidth, width)
        layers = (0..<Self.layerCount).map { LineLayer(weights["layers.\($0)"], width: width) }
        norm = weights.layerNorm("norm", width, epsilon: 1e-6)
        restore = weights.pointwise("restore", width, channels)
        join = weights.window("join", 2 * channels, narrowWidth, rows: 1, columns: 3)
        narrow = weights.pointwise("narrow", narrowWidth, width)
        characters = weights.pointwise(
            "characters", width, configuration.characters.count + 1, isMatrix: true)
    }

    private static let trunkChannels = LCNetLayout.reader.blocks.last?.outputs ?? LCNetLayout.stemOutputs

    /// What stands in a line [48, width, 3] in -1...1. A width that is no multiple of 8 is the caller's mistake and stops the
    /// program. What is read does not depend on the pool's threads.
    public func read(_ pixels: [Float], width: Int, workspace: Workspace, pool: ComputePool) -> ReadText {
        ReadText(steps(pixels, width: width, workspace: workspace, pool: pool), of: configuration.characters)
    }

    /// The likeliest class of each step, 0 for none, with its probability.
    func steps(
        _ pixels: [Float], width: Int, workspace: Workspace, pool: ComputePool
    ) -> [(character: Int, probability: Float)] {
        precondition(
            width > 0 && width % Self.widthMultiple == 0 && pixels.count == Self.height * width * 3,
            "a line of 48 rows and a multiple of 8 columns")
        let steps = width / Self.widthMultiple
        let channels = Self.trunkChannels
        let counts = trunk.counts(height: Self.height, width: width)
        // Behind the trunk its memory takes what the neck is in the midst of.
        let grid = max(counts.grid, steps * 2 * channels)
        let inner = max(counts.inner, join.frameCount(height: 1, width: steps), steps * LineLayer.widest)
        let rowCount = steps * Self.width
        workspace.begin(grid, inner, steps * channels, rowCount, rowCount)
        let memory = LCNet.Memory(grid: workspace.take(grid), inner: workspace.take(inner))
        let means = workspace.take(steps * channels)
        let x = workspace.take(rowCount)
        let normed = workspace.take(rowCount)

        let size = trunk.apply(pixels, height: Self.height, width: width, memory, pool: pool)
        Self.average(memory.grid, width: size.width, channels: channels, into: means)
        reduce(means, height: 1, width: steps, frame: memory.inner, into: normed, pool: pool)
        swish(normed, count: steps * Self.narrowWidth, pool: pool)
        widen(normed, rows: steps, into: x, pool: pool)
        swish(x, count: rowCount, pool: pool)
        for layer in layers { layer.apply(x, rows: steps, normed: normed, wide: memory.inner, pool: pool) }
        norm.apply(x, rows: steps, into: normed, pool: pool)
        restore(normed, rows: steps, into: memory.inner, pool: pool)
        swish(memory.inner, count: steps * channels, pool: pool)
        for step in 0..<steps {
            let both = memory.grid + step * 2 * channels
            both.update(from: means + step * channels, count: channels)
            (both + channels).update(from: memory.inner + step * channels, count: channels)
        }
        join(memory.grid, height: 1, width: steps, frame: memory.inner, into: normed, pool: pool)
        swish(normed, count: steps * Self.narrowWidth, pool: pool)
        narrow(normed, rows: steps, into: x, pool: pool)
        swish(x, count: rowCount, pool: pool)
        return choose(x, steps: steps, pool)
    }

    /// The mean of each 3 × 2 cells of x [3, width, channels] → y [width / 2, channels].
    private static func average(
        _ x: UnsafePointer<Float>, width: Int, channels: Int, into y: UnsafeMutablePointer<Float>
    ) {
        for step in 0..<width / 2 {
            for channel in 0..<channels {
                var sum: Float = 0
                for row in 0..<3 {
                    let cell = x + (row * width + 2 * step) * channels + channel
                    sum += cell[0] + cell[channels]
                }
                y[step * channels + channel] = sum / 6
            }
        }
    }

    /// Some steps at a time, since there are thousands of characters.
    private func choose(
        _ x: UnsafePointer<Float>, steps: Int, _ pool: ComputePool
    ) -> [(character: Int, probability: Float)] {
        let classes = configuration.characters.count + 1
        let atOnce = 32
        var chosen: [(character: Int, probability: Float)] = []
        withUnsafeTemporaryAllocation(of: Float.self, capacity: atOnce * classes) { logits in
            // There are classes, so that there is a base address.
            guard let base = logits.baseAddress else { return }
            for first in stride(from: 0, to: steps, by: atOnce) {
                let rows = min(atOnce, steps - first)
                characters(x + first * Self.width, rows: rows, into: base, pool: pool)
                for row in 0..<rows {
                    let values = base + row * classes
                    var best = 0
                    for index in 1..<classes where values[index] > values[best] { best = index }
                    chosen.append((best, exp(values[best] - logSumExp(values, count: classes))))
                }
            }
        }
        return chosen
    }
}

/// What was read of a line.
public struct ReadText: Sendable, Equatable {
    /// The characters; empty where there are none.
    public let text: String
    /// The mean probability of the characters, 0 to 1; 0 where there are none.
    public let confidence: Float

    /// What was read.
    public init(text: String, confidence: Float) {
        self.text = text
        self.confidence = confidence
    }

    /// CTC's greedy decoding: of equal neighbours the first is kept, then what is no character is left out.
    init(_ steps: [(character: Int, probability: Float)], of characters: [Character]) {
        var text = ""
        var sum: Float = 0
        var count: Float = 0
        var before = 0
        for step in steps {
            defer { before = step.character }
            guard step.character != 0, step.character != before else { continue }
            text.append(characters[step.character - 1])
            sum += step.probability
            count += 1
        }
        self.init(text: Self.narrowed(text), confidence: count > 0 ? sum / count : 0)
    }

    /// The text with ASCII's own punctuation in place of that which is as wide as a Chinese character, where there is none.
    private static func narrowed(_ text: String) -> String {
        let chinese: ClosedRange<Unicode.Scalar> = "\u{2E80}"..."\u{9FFF}"
        guard !text.unicodeScalars.contains(where: chinese.contains) else { return text }
        var narrow = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            // U+FF01...FF5E are U+0021...007E, in their order.
            let isWide = (0xFF01...0xFF5E).contains(scalar.value)
            narrow.append(isWide ? Unicode.Scalar(UInt8(scalar.value - 0xFEE0)) : scalar)
        }
        return String(narrow)
    }
}

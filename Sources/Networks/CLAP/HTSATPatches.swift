import Checkpoint
import Tensor

/// The patches of HTS-AT's squares as tokens. Where clips are fused, patches three times as wide of the three crops lie side by side
/// beside those of the whole, and how much of which counts is learned (attentional feature fusion, Dai et al. 2021).
struct HTSATPatches: Sendable {
    private let shape: HTSATShape
    private let width: Int, grid: Int
    private let whole: Linear
    private let crops: Linear?
    private let fusion: FeatureFusion?
    private let norm: LayerNorm?

    /// Reads `patch_embed`.
    init(_ weights: Weights, _ shape: HTSATShape) {
        self.shape = shape
        let (width, patch) = (shape.stages.first?.width ?? 1, shape.patch)
        self.width = width
        grid = shape.side / shape.step
        whole = weights.window("proj", width, rows: patch, columns: patch)
        crops = shape.fuses ? weights.window("mel_conv2d", width, rows: patch, columns: 3 * patch) : nil
        fusion =
            shape.fuses ? FeatureFusion(weights["fusion_model"], width: width, inner: width / shape.fusionRatio) : nil
        norm = shape.normalizesPatches ? weights.layerNorm("norm", width, epsilon: 1e-5) : nil
    }

    /// Squares, of which the first is the whole clip → x [grid · grid, width].
    func apply(_ squares: [[Float]], into x: UnsafeMutablePointer<Float>, pool: ComputePool) {
        let across = embed(squares[0], whole, wide: 1, into: x, pool)
        if let crops, let fusion {
            let other = FloatBuffer(count: grid * grid * width)
            let part = FloatBuffer(count: grid * grid * width)
            for (index, square) in squares.dropFirst().enumerated() {
                let columns = embed(square, crops, wide: 3, into: part.pointer, pool)
                for row in 0..<grid {
                    let target = other.pointer + (row * across + index * columns) * width
                    target.update(from: part.pointer + row * columns * width, count: columns * width)
                }
            }
            fusion.apply(x, other.pointer, rows: grid * grid, pool: pool)
        }
        norm?.apply(x, rows: grid * grid, into: x, pool: pool)
    }

    /// The patches of a square, `wide` times as wide as high → [grid, columns, width]; how many columns.
    private func embed(
        _ square: [Float], _ map: Linear, wide: Int, into x: UnsafeMutablePointer<Float>, _ pool: ComputePool
    ) -> Int {
        let (side, patch, step) = (shape.side, shape.patch, shape.step)
        let margin = (patch - step) / 2
        let columns = (side + 2 * margin - patch * wide) / (step * wide) + 1
        let size = patch * patch * wide
        let rows = FloatBuffer(count: grid * columns * size)
        for place in 0..<grid * columns {
            let (top, left) = (place / columns * step - margin, place % columns * step * wide - margin)
            for index in 0..<size {
                let (row, column) = (top + index / (patch * wide), left + index % (patch * wide))
                guard (0..<side).contains(row), (0..<side).contains(column) else { continue }
                rows.pointer[place * size + index] = square[row * side + column]
            }
        }
        map.apply(rows.pointer, rows: grid * columns, into: x, pool: pool)
        return columns
    }
}

/// x = 2 · x · share + 2 · y · (1 - share), where share = sigmoid(local(x + y) + global(mean of x + y)).
private struct FeatureFusion: Sendable {
    private let width: Int, inner: Int
    private let local: (Linear, Linear), global: (Linear, Linear)

    init(_ weights: Weights, width: Int, inner: Int) {
        self.width = width
        self.inner = inner
        func pair(_ scope: Weights, _ first: Int) -> (Linear, Linear) {
            (
                scope.normedPointwise("\(first)", "\(first + 1)", width, inner),
                scope.normedPointwise("\(first + 3)", "\(first + 4)", inner, width)
            )
        }
        local = pair(weights["local_att"], 0)
        // Before them stands the mean, which has no tensors.
        global = pair(weights["global_att"], 1)
    }

    func apply(
        _ x: UnsafeMutablePointer<Float>, _ y: UnsafePointer<Float>, rows: Int, pool: ComputePool
    ) {
        let count = rows * width
        let (sum, share) = (FloatBuffer(count: count), FloatBuffer(count: count))
        let (hidden, mean, all) = (
            FloatBuffer(count: rows * inner), FloatBuffer(count: width), FloatBuffer(count: width)
        )
        for index in 0..<count { sum.pointer[index] = x[index] + y[index] }
        meanPool(sum.pointer, rows: rows, width: width, into: mean.pointer)
        global.0.apply(mean.pointer, rows: 1, activation: .relu, into: hidden.pointer, pool: pool)
        global.1.apply(hidden.pointer, rows: 1, into: all.pointer, pool: pool)
        local.0.apply(sum.pointer, rows: rows, activation: .relu, into: hidden.pointer, pool: pool)
        local.1.apply(hidden.pointer, rows: rows, into: share.pointer, pool: pool)
        for index in 0..<count { share.pointer[index] += all.pointer[index % width] }
        sigmoid(share.pointer, count: count, pool: pool)
        for index in 0..<count {
            let part = share.pointer[index]
            x[index] = 2 * x[index] * part + 2 * y[index] * (1 - part)
        }
    }
}

extension Weights {
    /// The map of windows of one channel, [rows · columns] each: `<name>.weight` [outputs, 1, rows, columns] and `<name>.bias`.
    fileprivate func window(_ name: String, _ outputs: Int, rows: Int, columns: Int) -> Linear {
        let (weight, bias) = convolution(name, [outputs, 1, rows, columns])
        return made(Linear(floats: weight, bias: bias, outputs: outputs), orElse: .standIn)
    }

    /// A convolution of single places, `<name>.weight` [outputs, inputs, 1, 1], with the batch norm `norm` behind it.
    fileprivate func normedPointwise(_ name: String, _ norm: String, _ inputs: Int, _ outputs: Int) -> Linear {
        let (weight, bias) = convolution(name, [outputs, inputs, 1, 1])
        let normed = batchNorm(norm, outputs)
        guard isSound else { return .standIn }
        return Linear(
            floats: weight.enumerated().map { $1 * normed.factor[$0 / inputs] },
            bias: (0..<outputs).map { bias[$0] * normed.factor[$0] + normed.shift[$0] }, outputs: outputs)
    }
}

extension Linear {
    /// Of a weight [outputs, inputs] in row-major order.
    fileprivate init(floats weight: [Float], bias: [Float], outputs: Int) {
        self.init(
            weight: weight.withUnsafeBytes {
                PackedMatrix($0, element: .float32, outputs: outputs, inputs: weight.count / outputs)
            }, bias: bias)
    }
}

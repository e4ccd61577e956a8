import Checkpoint
import Tensor

/// CLAP's audio tower, HTS-AT (Chen et al. 2022): a spectrogram is cut into strips of time, which one below the other make a square; patches
/// of it become tokens, and a Swin transformer makes a grid of ever fewer and wider ones of them.
public final class HTSAT: Sendable {
    private let shape: HTSATShape
    /// A batch norm of each band, as a factor and a shift.
    private let bands: (factor: [Float], shift: [Float])
    private let patches: HTSATPatches
    private let stages: [(layers: [SwinLayer], merging: SwinMerging?)]
    private let norm: LayerNorm

    /// Reads the tensors of `audio_encoder`.
    public init(_ weights: Weights, _ shape: HTSATShape) {
        self.shape = shape
        bands = weights.batchNorm("batch_norm", shape.bins)
        patches = HTSATPatches(weights["patch_embed"], shape)
        stages = shape.stages.enumerated().map { index, stage in
            let scope = weights["layers.\(index)"]
            let layers = (0..<stage.layers).map {
                SwinLayer(scope["blocks.\($0)"], stage, shape, isShifted: $0 % 2 == 1)
            }
            let isLast = index == shape.stages.count - 1
            return (layers, isLast ? nil : SwinMerging(scope["downsample"], stage))
        }
        norm = weights.layerNorm("norm", shape.stages.last?.width ?? 1, epsilon: 1e-5)
    }

    /// The crops of a clip, [crops, frames, bands] with one crop, or four where clips are fused → the mean of the last tokens. Other
    /// numbers are the caller's mistake and stop the program.
    /// - Parameter pause: called after each layer; what is computed then must have a workspace of its own.
    public func callAsFunction(
        _ crops: [Float], workspace: Workspace, pool: ComputePool, pause: () -> Void = {}
    ) -> [Float] {
        let count = shape.fuses ? 4 : 1
        let frames = crops.count / count / shape.bins
        precondition(
            crops.count == count * frames * shape.bins && frames > 0 && frames <= shape.imageFrames,
            "\(crops.count) numbers are no \(count) crops")
        let squares = (0..<count).map { square(crops[$0 * frames * shape.bins..<($0 + 1) * frames * shape.bins]) }
        let sizes = shape.stages.map { $0.side * $0.side * $0.width }
        let wides = shape.stages.map { $0.side * $0.side * SwinLayer.wideWidth($0, shape) }
        let (size, wideSize) = (sizes.max() ?? 0, wides.max() ?? 0)
        workspace.begin(size, size, size, wideSize)
        let x = workspace.take(size)  // [grid, width]
        let normed = workspace.take(size)
        let turned = workspace.take(size)
        let wide = workspace.take(wideSize)  // [grid, q|k|v], then [grid, inner]
        patches.apply(squares, into: x, pool: pool)
        pause()
        for stage in stages {
            for layer in stage.layers {
                layer.apply(x, normed: normed, turned: turned, wide: wide, pool: pool)
                pause()
            }
            stage.merging?.apply(x, wide: wide, pool: pool)
        }
        guard let last = shape.stages.last else { return [] }
        let rows = last.side * last.side
        norm.apply(x, rows: rows, into: x, pool: pool)
        let mean = FloatBuffer(count: last.width)
        meanPool(x, rows: rows, width: last.width, into: mean.pointer)
        return mean.elements
    }

    /// A spectrogram [frames, bands] as a square: stretched to as many frames as it has room for, strip below strip, bands from the
    /// lowest down.
    private func square(_ spectrogram: ArraySlice<Float>) -> [Float] {
        let (bins, side) = (shape.bins, shape.side)
        let normed = spectrogram.enumerated().map { $1 * bands.factor[$0 % bins] + bands.shift[$0 % bins] }
        let frames = normed.count / bins
        let taps = Self.taps(from: frames, to: shape.imageFrames)
        var square = [Float](repeating: 0, count: side * side)
        for (frame, taps) in taps.enumerated() {
            let (strip, column) = (frame / side, frame % side)
            for band in 0..<bins {
                square[(strip * bins + band) * side + column] = taps.reduce(0) {
                    $0 + $1.weight * normed[$1.place * bins + band]
                }
            }
        }
        return square
    }

    /// Bicubic with a = -0.75, edges repeated, first and last on first and last, as PyTorch's `interpolate(mode="bicubic",
    /// align_corners=True)`.
    private static func taps(from inputs: Int, to outputs: Int) -> [[(place: Int, weight: Float)]] {
        guard inputs != outputs else { return (0..<outputs).map { [($0, 1)] } }
        let a: Float = -0.75
        func near(_ x: Float) -> Float { ((a + 2) * x - (a + 3)) * x * x + 1 }
        func far(_ x: Float) -> Float { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
        let scale = Float(inputs - 1) / Float(outputs - 1)
        return (0..<outputs).map { output in
            let place = scale * Float(output)
            let first = place.rounded(.down)
            let t = place - first
            return zip(-1...2, [far(t + 1), near(t), near(1 - t), far(2 - t)]).map {
                (min(max(Int(first) + $0, 0), inputs - 1), $1)
            }
        }
    }
}

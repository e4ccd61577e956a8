import Checkpoint
import Tensor

/// The convolutions of wav2vec 2.0 (Baevski et al. 2020) that make frames of a waveform, and the map of frames to states. No window reaches
/// beyond the clip: there is no padding.
///
/// Some frames are made at a time, of the samples that they are made of: all but the norm over the whole clip, which is known before,
/// see ``ClipNormConvolution``. So the memory does not grow with the clip, and what a frame is does not depend on how many are made at once.
struct SpeechFeatures: Sendable {
    /// A convolution with what follows it.
    private enum Layer: Sendable {
        case clipNorm(ClipNormConvolution)
        case plain(ConvolutionMatrix)
        case layerNorm(ConvolutionMatrix, LayerNorm)
    }

    private let shape: SpeechFeatureShape
    private let layers: [Layer]
    private let norm: LayerNorm?
    private let projection: Linear
    private let activation: Activation
    private let width: Int

    /// What PyTorch takes for the epsilon of the norms of convolutions.
    private static let epsilon: Float = 1e-5

    /// Reads `feature_extractor.conv_layers` and `feature_projection`.
    init(_ weights: Weights, _ configuration: SpeechConfiguration) {
        let shape = configuration.features
        self.shape = shape
        activation = Activation(shape.activation)
        width = configuration.hiddenSize
        var inputs = 1
        var layers: [Layer] = []
        for (index, layer) in shape.layers.enumerated() {
            layers.append(Self.layer(weights["feature_extractor.conv_layers.\(index)"], layer, inputs, shape, index))
            inputs = layer.channels
        }
        self.layers = layers
        let projections = weights["feature_projection"]
        norm =
            configuration.normalizesFrames
            ? projections.layerNorm("layer_norm", inputs, epsilon: configuration.layerNormEpsilon) : nil
        projection = projections.linear("projection", inputs, configuration.hiddenSize)
    }

    private static func layer(
        _ weights: Weights, _ layer: SpeechFeatureShape.Layer, _ inputs: Int, _ shape: SpeechFeatureShape, _ index: Int
    ) -> Layer {
        guard index == 0, !shape.hasLayerNorms else {
            let convolution = ConvolutionMatrix(
                weights["conv"], inputs, layer.channels, taps: [layer.taps], hasBias: shape.hasBias)
            return shape.hasLayerNorms
                ? .layerNorm(convolution, weights.layerNorm("layer_norm", layer.channels, epsilon: epsilon))
                : .plain(convolution)
        }
        let matrix = weights.floats("conv.weight", [layer.channels, 1, layer.taps])
        // The norm takes a bias away again.
        if shape.hasBias { _ = weights.floats("conv.bias", [layer.channels]) }
        let (scale, shift) = (
            weights.floats("layer_norm.weight", [layer.channels]), weights.floats("layer_norm.bias", [layer.channels])
        )
        return .clipNorm(
            weights.made(
                ClipNormConvolution(
                    weight: matrix, scale: scale, shift: shift, epsilon: epsilon, taps: layer.taps,
                    stride: layer.stride),
                orElse: ClipNormConvolution(weight: [0], scale: [0], shift: [0], epsilon: 1, taps: 1, stride: 1)))
    }

    /// Frames of that many samples.
    func frames(ofSamples count: Int) -> Int {
        shape.layers.reduce(count) { $0 < $1.taps ? 0 : ($0 - $1.taps) / $1.stride + 1 }
    }

    /// What the norm over the whole clip makes of the first convolution; nil where there is none.
    func clipNorm(_ samples: FloatBuffer) -> ClipNormConvolution.Folded? {
        guard case .clipNorm(let convolution)? = layers.first else { return nil }
        return convolution.folded(over: samples.pointer, count: samples.count)
    }

    /// Frames made at once.
    private static let framesAtOnce = 64

    /// The values of each layer for some frames: rows, and the first of them in the clip.
    private func rows(of frames: Range<Int>) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var range = frames
        for layer in shape.layers.reversed() {
            ranges.append(range)
            range = range.lowerBound * layer.stride..<(range.upperBound - 1) * layer.stride + layer.taps
        }
        return Array((ranges + [range]).reversed())
    }

    /// x [frames, d] of some frames of a clip. `clipNorm` is what the method of that name gave for the clip.
    func apply(
        _ samples: FloatBuffer, frames: Range<Int>, clipNorm: ClipNormConvolution.Folded?,
        into x: UnsafeMutablePointer<Float>, workspace: Workspace, pool: ComputePool
    ) {
        for first in stride(from: frames.lowerBound, to: frames.upperBound, by: Self.framesAtOnce) {
            let part = first..<min(first + Self.framesAtOnce, frames.upperBound)
            let ranges = rows(of: part)
            let counts = zip(ranges.dropFirst(), shape.layers).map { $0.count * $1.channels }
            workspace.begin(counts.max() ?? 0, counts.max() ?? 0)
            var (from, to) = (workspace.take(counts.max() ?? 0), workspace.take(counts.max() ?? 0))
            var input = UnsafePointer(samples.pointer + ranges[0].lowerBound)
            var channels = 1
            for (index, layer) in layers.enumerated() {
                let rows = ranges[index + 1].count
                let step = shape.layers[index].stride * channels
                apply(layer, input, step: step, rows: rows, clipNorm, into: to, pool)
                channels = shape.layers[index].channels
                swap(&from, &to)
                input = UnsafePointer(from)
            }
            norm?.apply(from, rows: part.count, into: from, pool: pool)
            projection.apply(
                from, rows: part.count, into: x + (first - frames.lowerBound) * width, pool: pool)
        }
    }

    private func apply(
        _ layer: Layer, _ x: UnsafePointer<Float>, step: Int, rows: Int, _ clipNorm: ClipNormConvolution.Folded?,
        into y: UnsafeMutablePointer<Float>, _ pool: ComputePool
    ) {
        switch layer {
        case .clipNorm: clipNorm?(x, windows: rows, activation: activation, into: y, pool: pool)
        case .plain(let convolution):
            convolution.apply(x, step: step, rows: rows, activation: activation, into: y, pool: pool)
        case .layerNorm(let convolution, let norm):
            convolution.apply(x, step: step, rows: rows, activation: .none, into: y, pool: pool)
            norm.apply(y, rows: rows, into: y, pool: pool)
            let count = rows * convolution.outputs
            switch activation {
            case .silu: swish(y, count: count, pool: pool)
            case .relu: relu(y, count: count, pool: pool)
            // The configuration lets no other through.
            default: gelu(y, count: count, pool: pool)
            }
        }
    }
}

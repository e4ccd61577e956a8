import Checkpoint
import Tensor

/// What tells states of speech where they are: a convolution over their neighbours, whose weights are a direction and a length for each
/// place of the window (weight normalisation, Salimans & Kingma 2016).
///
///     x += activation(convolution(x))
struct SpeechPositions: Sendable {
    private let convolution: GroupedConvolution
    /// A batch norm in front of it, as a factor and a shift of each channel.
    private let norm: (factor: [Float], shift: [Float])?
    private let width: Int

    /// Reads `encoder.pos_conv_embed`.
    init(_ weights: Weights, _ configuration: SpeechConfiguration) {
        let (width, groups, taps) = (
            configuration.hiddenSize, configuration.positionGroups, configuration.positionTaps
        )
        self.width = width
        let inputs = width / groups
        let matrix: [Float]
        if configuration.positionsHaveBatchNorm {
            matrix = weights.floats("conv.weight", [width, inputs, taps])
            norm = weights.batchNorm("batch_norm", width)
        } else {
            matrix = Self.normed(weights["conv"], width: width, inputs: inputs, taps: taps)
            norm = nil
        }
        let bias = weights.floats("conv.bias", [width])
        convolution = weights.made(
            GroupedConvolution(
                weight: matrix, bias: bias, channels: width, groups: groups, taps: taps,
                activation: Activation(configuration.features.activation)),
            orElse: GroupedConvolution(weight: [0], bias: [0], channels: 1, groups: 1, taps: 1))
    }

    /// The weight of directions v and lengths g: g · v / ‖v‖ for each place of the window. Older files have other names for them.
    private static func normed(_ weights: Weights, width: Int, inputs: Int, taps: Int) -> [Float] {
        let isOlder = weights.has("weight_g") || weights.has("weight_v")
        let lengths = weights.floats(isOlder ? "weight_g" : "parametrizations.weight.original0", [1, 1, taps])
        let directions = weights.floats(
            isOlder ? "weight_v" : "parametrizations.weight.original1", [width, inputs, taps])
        guard weights.isSound else { return [] }
        var squares = [Double](repeating: 0, count: taps)
        for (index, value) in directions.enumerated() { squares[index % taps] += Double(value) * Double(value) }
        let factors = zip(lengths, squares).map { Double($0) / $1.squareRoot() }
        return directions.enumerated().map { Float(Double($1) * factors[$0 % taps]) }
    }

    /// x [rows, d] in place. `normed` [rows, d] is overwritten.
    func apply(
        _ x: UnsafeMutablePointer<Float>, rows: Int, normed: UnsafeMutablePointer<Float>, workspace: Workspace,
        pool: ComputePool
    ) {
        let count = convolution.frameCount(rows: rows)
        workspace.begin(count)
        let frame = workspace.take(count)
        var input = x
        if let norm {
            for index in 0..<rows * width {
                normed[index] = x[index] * norm.factor[index % width] + norm.shift[index % width]
            }
            input = normed
        }
        convolution(input, rows: rows, residual: x, frame: frame, into: normed, pool: pool)
        x.update(from: normed, count: rows * width)
    }
}

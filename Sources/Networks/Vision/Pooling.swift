import Checkpoint
import Glibc
import Tensor

/// A linear map of single vectors, as follows a tower.
public struct VectorMap: Sendable {
    private let linear: Linear
    private let outputs: Int
    private let isBounded: Bool
    private let activation: Activation

    /// Reads `<name>.weight` [outputs, inputs] and, with `bias`, `<name>.bias` [outputs].
    /// - Parameters:
    ///   - isBounded: whether the hyperbolic tangent of each number follows.
    ///   - activation: what follows instead; nil for nothing.
    public init(
        _ weights: Weights, _ name: String, _ inputs: Int, _ outputs: Int, bias: Bool = true, isBounded: Bool = false,
        activation: HiddenActivation? = nil
    ) {
        self.activation = activation.map(Activation.init) ?? .none
        linear = weights.linear(name, inputs, outputs, bias: bias)
        self.outputs = outputs
        self.isBounded = isBounded
    }

    /// vectors [inputs] → [outputs] each
    public func callAsFunction(_ vectors: [[Float]], pool: ComputePool) -> [[Float]] {
        guard !vectors.isEmpty else { return [] }
        let result = FloatBuffer(count: vectors.count * outputs)
        linear.apply(
            Array(vectors.joined()), rows: vectors.count, activation: activation, into: result.pointer,
            pool: pool)
        let numbers = isBounded ? result.elements.map { tanhf($0) } : result.elements
        return vectors.indices.map { Array(numbers[$0 * outputs..<($0 + 1) * outputs]) }
    }
}

/// SigLIP's pooling: a learned query attends to all tokens, and a feed-forward layer follows.
///
///     y = attention(probe, tokens);  y += down(activation(up(norm(y))))
public struct AttentionPooling: Sendable {
    private let width: Int, inner: Int
    private let probe: [Float]
    private let queryKeyValue: Linear
    private let output: Linear
    private let norm: LayerNorm
    private let up: Linear
    private let down: Linear
    private let activation: Activation
    private let attentionShape: AttentionShape

    /// Reads the tensors of `head`, those of PyTorch's `MultiheadAttention` among them.
    public init(_ weights: Weights, _ configuration: VisionTransformerConfiguration) {
        width = configuration.hiddenSize
        inner = configuration.intermediateSize
        activation = Activation(configuration.activation)
        probe = weights.floats("probe", [1, 1, width])
        queryKeyValue = weights["attention"].linear(weight: "in_proj_weight", bias: "in_proj_bias", width, 3 * width)
        output = weights.linear("attention.out_proj", width, width)
        norm = weights.layerNorm("layernorm", width, epsilon: configuration.layerNormEpsilon)
        up = weights.linear("mlp.fc1", width, inner)
        down = weights.linear("mlp.fc2", inner, width)
        let (width, heads) = (width, configuration.attentionHeads)
        attentionShape = weights.made(
            AttentionShape(
                heads: heads, headWidth: width / heads, queryStride: 3 * width, keyStride: 3 * width,
                valueStride: 3 * width), orElse: .standIn)
    }

    /// tokens [rows, d] → [d]
    public func callAsFunction(_ tokens: TowerTokens, pool: ComputePool) -> [Float] {
        // The queries of the tokens are computed and not looked at, as is the rest of the probe's row.
        let rows = FloatBuffer((tokens.values + probe))
        let wide = FloatBuffer(count: (tokens.tokens + 1) * 3 * width)
        queryKeyValue.apply(rows.pointer, rows: tokens.tokens + 1, into: wide.pointer, pool: pool)
        let (mixed, y) = (FloatBuffer(count: width), FloatBuffer(count: width))
        attention(
            query: wide.pointer + tokens.tokens * 3 * width, queryRows: 1, keys: wide.pointer + width,
            values: wide.pointer + 2 * width, keyRows: tokens.tokens, shape: attentionShape, into: mixed.pointer,
            pool: pool)
        output.apply(mixed.pointer, rows: 1, into: y.pointer, pool: pool)
        norm.apply(y.pointer, rows: 1, into: mixed.pointer, pool: pool)
        let hidden = FloatBuffer(count: inner)
        up.apply(mixed.pointer, rows: 1, activation: activation, into: hidden.pointer, pool: pool)
        down.apply(hidden.pointer, rows: 1, residual: y.pointer, into: y.pointer, pool: pool)
        return y.elements
    }
}

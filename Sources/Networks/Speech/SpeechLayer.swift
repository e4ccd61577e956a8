import Checkpoint
import Tensor

/// A transformer layer of wav2vec 2.0 and its kin, in its two halves. Norms come last as in BERT, or first where the configuration is
/// "stable":
///
///     x = norm(x + attention(x));     x = norm(x + down(activation(up(x))))
///     x += attention(norm(x));        x += down(activation(up(norm(x))));  x += adapter(x)
struct SpeechLayer: Sendable {
    private let width: Int, inner: Int
    private let isStable: Bool
    private let attention: SelfAttention
    private let attentionNorm: LayerNorm
    private let up: Linear
    private let down: Linear
    private let feedForwardNorm: LayerNorm
    private let activation: Activation
    private let gate: DistanceGate?
    private let adapter: LanguageAdapter?

    /// Reads the tensors.
    init(_ weights: Weights, _ configuration: SpeechConfiguration) {
        let (width, heads, epsilon) = (
            configuration.hiddenSize, configuration.attentionHeads, configuration.layerNormEpsilon
        )
        self.width = width
        inner = configuration.intermediateSize
        isStable = configuration.isStable
        activation = Activation(configuration.activation)
        attention = SelfAttention(
            weights["attention"],
            SelfAttention.Names(query: "q_proj", key: "k_proj", value: "v_proj", output: "out_proj"),
            width: width, heads: heads)
        gate =
            configuration.family == .wavlm ? DistanceGate(weights["attention"], width: width, heads: heads) : nil
        attentionNorm = weights.layerNorm("layer_norm", width, epsilon: epsilon)
        up = weights.linear("feed_forward.intermediate_dense", width, inner)
        down = weights.linear("feed_forward.output_dense", inner, width)
        feedForwardNorm = weights.layerNorm("final_layer_norm", width, epsilon: epsilon)
        adapter = configuration.adapterSize.map { LanguageAdapter(weights["adapter_layer"], width: width, inner: $0) }
    }

    /// The first half: x [rows, d] in place, of one sound. `normed` [rows, d] and `wide` [rows, q|k|v] are overwritten.
    func attend(
        _ x: UnsafeMutablePointer<Float>, rows: Int, normed: UnsafeMutablePointer<Float>,
        wide: UnsafeMutablePointer<Float>, distances: SpeechDistances?, workspace: Workspace, pool: ComputePool
    ) {
        if isStable { attentionNorm.apply(x, rows: rows, into: normed, pool: pool) }
        let input = isStable ? normed : x
        if let gate, let distances {
            let gates = gate.gates(input, rows: rows)
            attention.apply(
                input, rows: rows, queryKeyValue: wide, mixed: normed, residual: x, into: x, pool: pool
            ) { distances.inBlocks(of: rows, gates, workspace, pool, $0) }
        } else {
            attention.apply(
                input, RowSpans([rows]), queryKeyValue: wide, mixed: normed, residual: x, into: x, pool: pool)
        }
        if !isStable { attentionNorm.apply(x, rows: rows, into: x, pool: pool) }
    }

    /// Rows whose inner states are there at once.
    private static let rowsAtOnce = 1024

    /// The second half: x [rows, d] in place. `normed` [rows, d] is overwritten.
    func feedForward(
        _ x: UnsafeMutablePointer<Float>, rows: Int, normed: UnsafeMutablePointer<Float>, workspace: Workspace,
        pool: ComputePool
    ) {
        let most = min(rows, Self.rowsAtOnce)
        workspace.begin(most * inner)
        let hidden = workspace.take(most * inner)
        if isStable { feedForwardNorm.apply(x, rows: rows, into: normed, pool: pool) }
        for first in stride(from: 0, to: rows, by: most) {
            let (count, start) = (min(most, rows - first), first * width)
            up.apply((isStable ? normed : x) + start, rows: count, activation: activation, into: hidden, pool: pool)
            down.apply(hidden, rows: count, residual: x + start, into: x + start, pool: pool)
        }
        if !isStable { feedForwardNorm.apply(x, rows: rows, into: x, pool: pool) }
        adapter?.apply(x, rows: rows, normed: normed, workspace: workspace, pool: pool)
    }
}

/// The small network behind each layer by which MMS (Pratap et al. 2023) tells languages apart: x += up(relu(down(norm(x)))).
private struct LanguageAdapter: Sendable {
    private let inner: Int
    private let norm: LayerNorm
    private let first: Linear, second: Linear

    /// Reads `norm`, `linear_1` and `linear_2`.
    init(_ weights: Weights, width: Int, inner: Int) {
        self.inner = inner
        norm = weights.layerNorm("norm", width, epsilon: 1e-5)
        first = weights.linear("linear_1", width, inner)
        second = weights.linear("linear_2", inner, width)
    }

    func apply(
        _ x: UnsafeMutablePointer<Float>, rows: Int, normed: UnsafeMutablePointer<Float>, workspace: Workspace,
        pool: ComputePool
    ) {
        workspace.begin(rows * inner)
        let hidden = workspace.take(rows * inner)
        norm.apply(x, rows: rows, into: normed, pool: pool)
        first.apply(normed, rows: rows, activation: .relu, into: hidden, pool: pool)
        second.apply(hidden, rows: rows, residual: x, into: x, pool: pool)
    }
}

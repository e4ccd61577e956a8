/// What follows the first map of a published network's feed-forward layers: `hidden_act` and the like.
public enum HiddenActivation: Sendable, Equatable {
    /// x/2 · (1 + erf(x/√2))
    case gelu
    /// x/2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))
    case tanhGELU
    /// x / (1 + exp(-1.702 · x))
    case quickGELU
    /// x / (1 + exp(-x))
    case silu
    /// max(x, 0)
    case relu

    /// The names that transformers 5.24 has for them (`ACT2FN` in its `activations.py`); of several the first is the usual one.
    static let named: [(name: String, activation: HiddenActivation)] = [
        ("gelu", .gelu), ("gelu_python", .gelu), ("gelu_new", .tanhGELU), ("gelu_pytorch_tanh", .tanhGELU),
        ("gelu_python_tanh", .tanhGELU), ("gelu_fast", .tanhGELU), ("gelu_accurate", .tanhGELU),
        ("quick_gelu", .quickGELU), ("silu", .silu), ("swish", .silu), ("relu", .relu),
    ]
}

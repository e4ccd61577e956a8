import JSON

/// A Llama (Touvron et al. 2023) as transformers configures it: the text decoder of Idefics 3 and SmolVLM. What is left out is the
/// default of `LlamaConfig` of transformers 5.24.
public struct LlamaConfiguration: Sendable, Equatable {
    /// Tokens of the vocabulary.
    public let vocabularySize: Int
    /// Channels of a token.
    public let hiddenSize: Int
    /// Channels of a gated feed-forward layer.
    public let intermediateSize: Int
    /// Layers.
    public let layers: Int
    /// Heads of queries.
    public let attentionHeads: Int
    /// Heads of keys and values, each for as many of queries.
    public let keyHeads: Int
    /// Channels of a head.
    public let headWidth: Int
    /// The most tokens of a text.
    public let maxPositions: Int
    /// Added to the means of squares.
    public let epsilon: Float
    /// Whether the maps of attention, and those of feed-forward layers, have biases.
    public let hasAttentionBias: Bool, hasFeedForwardBias: Bool
    /// The base of the frequencies that positions turn with.
    public let rotationBase: Double
    /// How these are scaled.
    public let rotationScaling: RotationScaling

    /// How frequencies of positions are changed for texts longer than those that were learned from.
    public enum RotationScaling: Sendable, Equatable {
        /// Not at all.
        case none
        /// All divided by a factor.
        case linear(Double)
        /// Low ones divided by a factor, high ones not: Llama 3.1.
        case llama3(factor: Double, low: Double, high: Double, learnedLength: Double)
    }

    /// - Parameter epsilon: the default of `rms_norm_eps`.
    init(_ reader: inout ConfigurationReader, epsilon standard: Float = 1e-6) {
        if reader.isPresent("model_type") { _ = reader.string("model_type", oneOf: ["llama"]) }
        vocabularySize = reader.integer("vocab_size", in: 1...10_000_000, orElse: 32_000)
        hiddenSize = reader.integer("hidden_size", in: 1...16_384, orElse: 4096)
        intermediateSize = reader.integer("intermediate_size", in: 1...131_072, orElse: 11_008)
        layers = reader.integer("num_hidden_layers", in: 1...256, orElse: 32)
        let heads = reader.integer("num_attention_heads", in: 1...1024, orElse: 32)
        attentionHeads = heads
        keyHeads = reader.integer("num_key_value_heads", in: 1...1024, orElse: heads)
        headWidth = reader.integer("head_dim", in: 1...1024, orElse: max(1, hiddenSize / heads))
        maxPositions = reader.integer("max_position_embeddings", in: 2...10_000_000, orElse: 2048)
        epsilon = reader.epsilon("rms_norm_eps", orElse: standard)
        hasAttentionBias = reader.boolean("attention_bias", orElse: false)
        hasFeedForwardBias = reader.boolean("mlp_bias", orElse: false)
        if reader.isPresent("hidden_act") { _ = reader.string("hidden_act", oneOf: ["silu", "swish"]) }
        let base = reader.isPresent("rope_theta") ? Double(reader.number("rope_theta")) : 10_000
        (rotationBase, rotationScaling) = Self.rotation(&reader, base: base, maxPositions)
        reader.demand(heads % keyHeads == 0, "num_attention_heads", heads, fits: "num_key_value_heads", keyHeads)
        if !reader.isPresent("head_dim") {
            reader.demandHeads(width: hiddenSize, heads: heads)
        } else if headWidth % 4 != 0 {
            reader.refuse("head_dim", "\(headWidth)", supported: ["multiples of 4"])
        }
    }

    /// `rope_parameters`, or `rope_scaling` of former saves.
    private static func rotation(
        _ reader: inout ConfigurationReader, base: Double, _ positions: Int
    ) -> (Double, RotationScaling) {
        guard let key = ["rope_parameters", "rope_scaling"].first(where: { reader.isPresent($0) }) else {
            return (base, .none)
        }
        return reader.object(key) { part in
            let base = part.isPresent("rope_theta") ? Double(part.number("rope_theta")) : base
            if base <= 0 { part.refuse("rope_theta", "\(base)", supported: ["numbers above 0"]) }
            if part.isPresent("partial_rotary_factor"), part.number("partial_rotary_factor") != 1 {
                part.refuse("partial_rotary_factor", "another number", supported: ["1"])
            }
            guard let name = ["rope_type", "type"].first(where: { part.isPresent($0) }) else { return (base, .none) }
            func factor(_ key: String) -> Double {
                let value = Double(part.number(key))
                if value <= 0 { part.refuse(key, "\(value)", supported: ["numbers above 0"]) }
                return value
            }
            switch part.string(name, oneOf: ["default", "linear", "llama3"]) {
            case "linear": return (base, .linear(factor("factor")))
            case "llama3":
                let learned = part.integer(
                    "original_max_position_embeddings", in: 1...10_000_000, orElse: positions)
                return (
                    base,
                    .llama3(
                        factor: factor("factor"), low: factor("low_freq_factor"), high: factor("high_freq_factor"),
                        learnedLength: Double(learned))
                )
            default: return (base, .none)
            }
        }
    }
}

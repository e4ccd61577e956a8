import JSON

/// A pre-LN vision transformer (Dosovitskiy et al. 2021) as CLIP, SigLIP, ViT and DINOv2 have it.
public struct VisionTransformerConfiguration: Sendable, Equatable {
    /// Channels of a token.
    public let hiddenSize: Int
    /// Layers.
    public let layers: Int
    /// Heads of each layer.
    public let attentionHeads: Int
    /// Channels between the two maps of a feed-forward layer.
    public let intermediateSize: Int
    /// The picture that positions were learned for, in pixels.
    public let imageHeight: Int, imageWidth: Int
    /// A patch, in pixels.
    public let patchHeight: Int, patchWidth: Int
    /// What follows the first map of a feed-forward layer.
    public let activation: HiddenActivation
    /// Added to variances.
    public let layerNormEpsilon: Float
    /// Whether queries, keys and values have biases.
    public let hasAttentionBias: Bool

    /// The patches of a picture of that size; what is left over at its right and lower edge is not looked at.
    public func grid(height: Int, width: Int) -> (rows: Int, columns: Int) {
        (height / patchHeight, width / patchWidth)
    }

    /// The defaults of a family that are not those of the others.
    struct Standard {
        var width = 768, heads = 12
        var image = 224
        var patch = 16
        var activation = HiddenActivation.gelu
        var epsilon: Float = 1e-6
        /// Nil: `intermediate_size`, else the factor `mlp_ratio`.
        var ratio: Int?
    }

    init(_ reader: inout ConfigurationReader, _ standard: Standard) {
        hiddenSize = reader.integer("hidden_size", in: 1...16_384, orElse: standard.width)
        layers = reader.integer("num_hidden_layers", in: 1...256, orElse: 12)
        attentionHeads = reader.integer("num_attention_heads", in: 1...1024, orElse: standard.heads)
        if let ratio = standard.ratio {
            intermediateSize = max(1, Int(Float(hiddenSize) * reader.number("mlp_ratio", orElse: Float(ratio))))
        } else {
            intermediateSize = reader.integer("intermediate_size", in: 1...65_536, orElse: 3072)
        }
        (imageHeight, imageWidth) = reader.sides("image_size", in: 1...4096, orElse: standard.image)
        (patchHeight, patchWidth) = reader.sides("patch_size", in: 1...256, orElse: standard.patch)
        activation = reader.activation("hidden_act", orElse: standard.activation)
        layerNormEpsilon = reader.epsilon("layer_norm_eps", orElse: standard.epsilon)
        hasAttentionBias = reader.boolean("qkv_bias", orElse: true)
        if reader.integer("num_channels", in: 1...1024, orElse: 3) != 3 {
            reader.refuse("num_channels", "\(reader.integer("num_channels", in: 1...1024))", supported: ["3"])
        }
        reader.demand(
            imageHeight >= patchHeight && imageWidth >= patchWidth, "image_size", "\(imageHeight)×\(imageWidth)",
            fits: "patch_size", "\(patchHeight)×\(patchWidth)")
        reader.demandHeads(width: hiddenSize, heads: attentionHeads)
    }
}

/// The text tower beside it, of CLIP and SigLIP.
public struct TextTransformerConfiguration: Sendable, Equatable {
    /// Rows of the table of tokens.
    public let vocabularySize: Int
    /// Channels of a token.
    public let hiddenSize: Int
    /// Layers.
    public let layers: Int
    /// Heads of each layer.
    public let attentionHeads: Int
    /// Channels between the two maps of a feed-forward layer.
    public let intermediateSize: Int
    /// The most tokens of a text.
    public let maxPositions: Int
    /// What follows the first map of a feed-forward layer.
    public let activation: HiddenActivation
    /// Added to variances.
    public let layerNormEpsilon: Float

    /// The defaults of a family.
    struct Standard {
        let vocabulary: Int, width: Int, inner: Int, heads: Int, positions: Int
        let activation: HiddenActivation
        let epsilon: Float
    }

    init(_ reader: inout ConfigurationReader, _ standard: Standard) {
        vocabularySize = reader.integer("vocab_size", in: 1...10_000_000, orElse: standard.vocabulary)
        hiddenSize = reader.integer("hidden_size", in: 1...16_384, orElse: standard.width)
        layers = reader.integer("num_hidden_layers", in: 1...256, orElse: 12)
        attentionHeads = reader.integer("num_attention_heads", in: 1...1024, orElse: standard.heads)
        intermediateSize = reader.integer("intermediate_size", in: 1...65_536, orElse: standard.inner)
        maxPositions = reader.integer("max_position_embeddings", in: 1...1_000_000, orElse: standard.positions)
        activation = reader.activation("hidden_act", orElse: standard.activation)
        layerNormEpsilon = reader.epsilon("layer_norm_eps", orElse: standard.epsilon)
        reader.demandHeads(width: hiddenSize, heads: attentionHeads)
    }
}

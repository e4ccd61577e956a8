import JSON

/// The shape of CLAP's audio tower, HTS-AT (Chen et al. 2022): a Swin transformer over a spectrogram that is folded to a square.
public struct HTSATShape: Sendable, Equatable {
    /// A stage: layers of one width and one grid.
    public struct Stage: Sendable, Equatable {
        /// Channels, rows and columns of the grid, layers, attention heads of each.
        public let width: Int, side: Int, layers: Int, heads: Int
    }

    /// Bands of the spectrogram.
    public let bins: Int
    /// Rows and columns of the square.
    public let side: Int
    /// Rows and columns of a patch, and from one to the next.
    public let patch: Int, step: Int
    /// Rows and columns of a window of attention.
    public let window: Int
    /// The stages, one after the other.
    public let stages: [Stage]
    /// The inner width of a feed-forward layer, in widths.
    public let innerRatio: Double
    /// What follows the first map of a feed-forward layer.
    public let activation: HiddenActivation
    /// Whether queries, keys and values have biases, and patches a norm.
    public let hasAttentionBias: Bool, normalizesPatches: Bool
    /// Of the layers' norms.
    public let layerNormEpsilon: Float
    /// Whether a long clip is seen as a whole and in three crops (`enable_fusion`), and then by how much the fusion is narrower within.
    public let fuses: Bool, fusionRatio: Int

    /// Strips of time that lie one below the other in the square.
    public var strips: Int { side / bins }
    /// Frames of the spectrogram that the square has room for.
    public var imageFrames: Int { side * strips }

    init(_ reader: inout ConfigurationReader) {
        bins = reader.integer("num_mel_bins", in: 1...1024, orElse: 64)
        side = reader.integer("spec_size", in: 1...4096, orElse: 256)
        let patches = reader.sides("patch_size", in: 1...256, orElse: 4)
        let steps = reader.sides("patch_stride", in: 1...256, orElse: 4)
        (patch, step) = (patches.height, steps.height)
        if patches.height != patches.width { reader.refuse("patch_size", "no square", supported: ["squares"]) }
        if steps.height != steps.width { reader.refuse("patch_stride", "no square", supported: ["squares"]) }
        window = reader.integer("window_size", in: 2...64, orElse: 8)
        let width = reader.integer("patch_embeds_hidden_size", in: 1...4096, orElse: 96)
        let depths = reader.isPresent("depths") ? reader.integers("depths", in: 1...64) : [2, 2, 6, 2]
        let heads =
            reader.isPresent("num_attention_heads")
            ? reader.integers("num_attention_heads", in: 1...1024) : [4, 8, 16, 32]
        reader.demand(
            !depths.isEmpty && depths.count == heads.count && depths.count <= 8, "depths", depths,
            fits: "num_attention_heads", heads)
        let grid = side / step
        stages = zip(depths, heads).enumerated().map { stage, shape in
            Stage(width: width << stage, side: grid >> stage, layers: shape.0, heads: shape.1)
        }
        innerRatio = Double(reader.number("mlp_ratio", orElse: 4))
        activation = reader.activation("hidden_act", orElse: .gelu)
        hasAttentionBias = reader.boolean("qkv_bias", orElse: true)
        normalizesPatches = reader.boolean("enable_patch_layer_norm", orElse: true)
        layerNormEpsilon = reader.epsilon("layer_norm_eps", orElse: 1e-5)
        fuses = reader.boolean("enable_fusion", orElse: false)
        fusionRatio = reader.integer("aff_block_r", in: 1...4096, orElse: 4)
        check(&reader)
    }

    private func check(_ reader: inout ConfigurationReader) {
        reader.demand(side % bins == 0, "spec_size", side, fits: "num_mel_bins", bins)
        reader.demand(side % step == 0 && patch >= step, "patch_stride", step, fits: "patch_size", patch)
        if !(innerRatio > 0 && innerRatio <= 64) {
            reader.refuse("mlp_ratio", "\(innerRatio)", supported: ["numbers from 0 to 64"])
        }
        for stage in stages {
            reader.demandHeads(width: stage.width, "patch_embeds_hidden_size", heads: stage.heads)
            // The reference has no bias for windows that a grid is smaller than; others it would pad.
            if stage.side < window || stage.side % window != 0 {
                reader.refuse(
                    "window_size", "\(window) for grids of \(stage.side)",
                    supported: ["sizes that all grids are made of"])
            }
        }
        if reader.isPresent("fusion_type"), reader.string("fusion_type") == "channel_map" {
            reader.refuse("fusion_type", "channel_map", supported: ["aff_2d"])
        }
        if !reader.boolean("flatten_patch_embeds", orElse: true) {
            reader.refuse("flatten_patch_embeds", "false", supported: ["true"])
        }
        let channels = reader.integer("patch_embed_input_channels", in: 1...1024, orElse: 1)
        if channels != 1 { reader.refuse("patch_embed_input_channels", "\(channels)", supported: ["1"]) }
    }
}

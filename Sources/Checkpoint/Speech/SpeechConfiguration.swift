import JSON

/// A published encoder of raw speech with a head on it: wav2vec 2.0 (Baevski et al. 2020), HuBERT (Hsu et al. 2021) or WavLM (Chen et
/// al. 2022), as transformers saves `…ForSequenceClassification` and `…ForCTC`. What a file leaves out is what transformers 5.24 takes
/// for it.
public struct SpeechConfiguration: Sendable, Equatable {
    /// The families, by their `model_type`, which is also what their tensors' names begin with.
    public enum Family: String, Sendable, CaseIterable {
        case wav2vec2, hubert, wavlm
    }

    /// What is read of the encoder's states.
    public enum Head: Sendable, Equatable {
        /// Labels of the whole sound.
        case classifier(SpeechClassifier)
        /// Letters of each frame, of so many.
        case letters(Int)
    }

    /// Which family it is.
    public let family: Family
    /// What is on the encoder.
    public let head: Head
    /// How waveforms become frames.
    public let features: SpeechFeatureShape
    /// The width of a state, transformer layers, attention heads of each, inner width of the feed-forward network.
    public let hiddenSize: Int, layers: Int, attentionHeads: Int, intermediateSize: Int
    /// What follows the first map of a feed-forward network.
    public let activation: HiddenActivation
    /// Of the norms, but for those of the convolutions.
    public let layerNormEpsilon: Float
    /// Whether norms come first in a layer (`do_stable_layer_norm`); else last.
    public let isStable: Bool
    /// Whether frames are normalised before they are projected; HuBERT may do without.
    public let normalizesFrames: Bool
    /// Frames that the convolution of positions looks at, and its groups.
    public let positionTaps: Int, positionGroups: Int
    /// Whether a batch norm comes before it, instead of normed weights (`conv_pos_batch_norm`, HuBERT's).
    public let positionsHaveBatchNorm: Bool
    /// The inner width of the small network at the end of each layer by which MMS tells languages apart (`adapter_attn_dim`).
    public let adapterSize: Int?
    /// WavLM's table of distances: its rows, and from where on all distances are one.
    public let distanceBuckets: Int, farthestDistance: Int
    /// Samples of a second.
    public let sampleRate: Int
    /// Whether a clip is given mean 0 and variance 1 first.
    public let normalizesClips: Bool

    /// Samples from one frame to the next.
    public var samplesPerFrame: Int { features.layers.reduce(1) { $0 * $1.stride } }

    /// Samples that a frame is made of: the least that a clip must have.
    public var samplesOfFrame: Int { features.layers.reversed().reduce(1) { ($0 - 1) * $1.stride + $1.taps } }

    /// Reads the files of a folder. The error lists all that is wrong with them.
    public init(_ folder: Checkpoint, _ family: Family) throws(CheckpointError) {
        var files = PublishedFiles(folder)
        guard var reader = files.reader("config.json", isRequired: true) else {
            throw CheckpointError(directory: folder.directory, problems: files.problems + folder.problems)
        }
        self.family = family
        head = Self.head(&reader, family)
        features = SpeechFeatureShape(&reader)
        hiddenSize = reader.integer("hidden_size", in: 1...16_384, orElse: 768)
        layers = reader.integer("num_hidden_layers", in: 1...256, orElse: 12)
        attentionHeads = reader.integer("num_attention_heads", in: 1...1024, orElse: 12)
        intermediateSize = reader.integer("intermediate_size", in: 1...65_536, orElse: 3072)
        activation = reader.activation("hidden_act", orElse: .gelu)
        layerNormEpsilon = reader.epsilon("layer_norm_eps", orElse: 1e-5)
        isStable = reader.boolean("do_stable_layer_norm", orElse: false)
        normalizesFrames = family != .hubert || reader.boolean("feat_proj_layer_norm", orElse: true)
        positionTaps = reader.integer("num_conv_pos_embeddings", in: 1...4096, orElse: 128)
        positionGroups = reader.integer("num_conv_pos_embedding_groups", in: 1...16_384, orElse: 16)
        positionsHaveBatchNorm = family == .hubert && reader.boolean("conv_pos_batch_norm", orElse: false)
        let hasAdapter = family != .wavlm && isStable && reader.isPresent("adapter_attn_dim")
        adapterSize = hasAdapter ? reader.integer("adapter_attn_dim", in: 1...16_384) : nil
        distanceBuckets = reader.integer("num_buckets", in: 4...65_536, orElse: 320)
        farthestDistance = reader.integer("max_bucket_distance", in: 2...1_000_000, orElse: 800)
        reader.demandHeads(width: hiddenSize, heads: attentionHeads)
        reader.demand(
            hiddenSize % positionGroups == 0, "hidden_size", hiddenSize, fits: "num_conv_pos_embedding_groups",
            positionGroups)
        if family == .wavlm {
            reader.demand(
                farthestDistance > distanceBuckets / 4, "max_bucket_distance", farthestDistance, fits: "num_buckets",
                distanceBuckets)
        }
        if family != .hubert, reader.boolean("add_adapter", orElse: false) {
            reader.refuse("add_adapter", "true", supported: ["false"])
        }
        files.problems += reader.problems
        (sampleRate, normalizesClips) = Self.extractor(&files)
        files.problems += folder.problems
        guard files.problems.isEmpty else {
            throw CheckpointError(directory: folder.directory, problems: files.problems)
        }
    }

    /// What the class in `architectures` says. A model without a head has states for every frame, and neither a vector nor a text.
    private static func head(_ reader: inout ConfigurationReader, _ family: Family) -> Head {
        let names = reader.isPresent("architectures") ? reader.strings("architectures") : []
        if names.contains(where: { $0.hasSuffix("ForCTC") }) {
            return .letters(reader.integer("vocab_size", in: 1...1_000_000, orElse: 32))
        }
        let classifier = SpeechClassifier(&reader)
        if !names.contains(where: { $0.hasSuffix("ForSequenceClassification") }) {
            let found = names.isEmpty ? "nothing" : names.joined(separator: ", ")
            reader.refuse(
                "architectures", found,
                supported: [
                    "…ForSequenceClassification, which tells sounds by labels", "…ForCTC, which writes down speech",
                ])
        }
        return .classifier(classifier)
    }

    /// What `Wav2Vec2FeatureExtractor` does to a clip.
    private static func extractor(_ files: inout PublishedFiles) -> (sampleRate: Int, normalizes: Bool) {
        guard var reader = files.nestedReader("feature_extractor") ?? files.reader("preprocessor_config.json") else {
            return (16_000, true)
        }
        if reader.isPresent("feature_extractor_type") {
            _ = reader.string("feature_extractor_type", oneOf: ["Wav2Vec2FeatureExtractor"])
        }
        let size = reader.integer("feature_size", in: 1...1_000_000, orElse: 1)
        if size != 1 { reader.refuse("feature_size", "\(size)", supported: ["1"]) }
        let rate = reader.integer("sampling_rate", in: 4_000...192_000, orElse: 16_000)
        let normalizes = reader.boolean("do_normalize", orElse: true)
        files.problems += reader.problems
        return (rate, normalizes)
    }
}

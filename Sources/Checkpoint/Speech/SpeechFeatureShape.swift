/// The head by which a `…ForSequenceClassification` tells sounds by labels.
public struct SpeechClassifier: Sendable, Equatable {
    /// The labels, in the order of the logits.
    public let labels: [String]
    /// What their logits become.
    public let scores: SequenceClassifierConfiguration.Scores
    /// The width of what the mean is taken of.
    public let projectionSize: Int
    /// Whether the states of all layers are weighed and added up (`use_weighted_layer_sum`); else the last is read.
    public let sumsLayers: Bool

    init(_ reader: inout ConfigurationReader) {
        labels = reader.numberedLabels()
        projectionSize = reader.integer("classifier_proj_size", in: 1...65_536, orElse: 256)
        sumsLayers = reader.boolean("use_weighted_layer_sum", orElse: false)
        // As transformers' pipeline for sounds: a softmax where nothing is said, of a single label as well.
        let known: [(name: String, scores: SequenceClassifierConfiguration.Scores)] = [
            ("single_label_classification", .softmax), ("multi_label_classification", .sigmoid),
            ("regression", .identity),
        ]
        let kind = reader.isPresent("problem_type") ? reader.string("problem_type", oneOf: known.map(\.name)) : ""
        scores = known.first { $0.name == kind }?.scores ?? .softmax
    }
}

/// The convolutions by which wav2vec 2.0 and its kin make frames of a waveform.
public struct SpeechFeatureShape: Sendable, Equatable {
    /// A convolution over time.
    public struct Layer: Sendable, Equatable {
        /// Channels that it gives, values of a window, and values from one window to the next.
        public let channels: Int, taps: Int, stride: Int
    }

    /// The convolutions, one after the other.
    public let layers: [Layer]
    /// Whether each has a layer norm (`feat_extract_norm` "layer"); else the first alone is normalised, each channel over the whole clip
    /// ("group").
    public let hasLayerNorms: Bool
    /// Whether they have biases.
    public let hasBias: Bool
    /// What follows each of them, and the convolution of positions.
    public let activation: HiddenActivation

    init(_ reader: inout ConfigurationReader) {
        func values(_ key: String, in range: ClosedRange<Int>, orElse standard: [Int]) -> [Int] {
            reader.isPresent(key) ? reader.integers(key, in: range) : standard
        }
        let channels = values("conv_dim", in: 1...16_384, orElse: [Int](repeating: 512, count: 7))
        let strides = values("conv_stride", in: 1...1000, orElse: [5, 2, 2, 2, 2, 2, 2])
        let taps = values("conv_kernel", in: 1...1000, orElse: [10, 3, 3, 3, 3, 2, 2])
        reader.demand(
            !channels.isEmpty && channels.count == strides.count, "conv_dim", channels, fits: "conv_stride", strides)
        reader.demand(channels.count == taps.count, "conv_dim", channels, fits: "conv_kernel", taps)
        layers = zip(channels, zip(taps, strides)).map { Layer(channels: $0, taps: $1.0, stride: $1.1) }
        let norm =
            reader.isPresent("feat_extract_norm")
            ? reader.string("feat_extract_norm", oneOf: ["group", "layer"]) : "group"
        hasLayerNorms = norm == "layer"
        hasBias = reader.boolean("conv_bias", orElse: false)
        activation = reader.activation("feat_extract_activation", orElse: .gelu)
        if hasLayerNorms, ![.gelu, .silu, .relu].contains(activation) {
            reader.refuse(
                "feat_extract_activation", "\(activation)", supported: ["gelu, silu and relu behind layer norms"])
        }
    }
}

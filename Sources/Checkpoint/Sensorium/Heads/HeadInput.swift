extension SensoriumConfiguration {
    /// What classifiers and projections read of one part of a request, and how.
    public struct HeadInput: Sendable, Equatable {
        /// How the tokens of a part become one vector.
        public enum Pooling: String, Sendable, CaseIterable {
            /// Their mean.
            case mean
            /// Mean and standard deviation side by side.
            case meanDeviation = "mean_deviation"
        }

        /// The name of the tower whose tokens are read.
        public let tower: String
        /// The hidden states of the tower whose learned mean is read; nil: the last alone.
        public let hiddenStates: [Int]?
        /// The rows of the position table added to the tokens; 0: no positions. Tokens beyond it are not read.
        public let positions: Int
        /// The self-attention layers over the tokens.
        public let layers: Int
        /// How they become one vector.
        public let pooling: Pooling

        /// The mean of the last hidden state of a tower, nothing added.
        init(tower: String) {
            self.tower = tower
            hiddenStates = nil
            positions = 0
            layers = 0
            pooling = .mean
        }

        init(reading reader: inout ConfigurationReader) {
            tower = reader.string("tower")
            hiddenStates = reader.optionalIntegers("hidden_states", in: 0...256)
            positions = reader.optionalInteger("positions", in: 0...1_000_000) ?? 0
            layers = reader.optionalInteger("layers", in: 0...256) ?? 0
            let name = reader.optionalString("pooling", oneOf: Pooling.allCases.map(\.rawValue))
            pooling = name.flatMap(Pooling.init) ?? .mean
            if let hiddenStates {
                let distinct = Set(hiddenStates).count
                reader.demand(
                    distinct == hiddenStates.count && distinct > 0, "hidden_states", "\(hiddenStates)",
                    fits: "its number of distinct states", distinct)
            }
        }
    }

    /// The shape of a head's transformer layers.
    public struct HeadShape: Sendable, Equatable {
        /// The width of the tokens within the head.
        public let width: Int
        /// The attention heads of each layer.
        public let attentionHeads: Int
        /// The inner width of the feed-forward networks.
        public let feedForward: Int
        /// Epsilon of the layer norms.
        public let layerNormEpsilon: Float

        init(reading reader: inout ConfigurationReader) {
            width = reader.integer("width", in: 1...16384)
            attentionHeads = reader.integer("attention_heads", in: 1...1024)
            feedForward = reader.integer("feed_forward", in: 1...65536)
            layerNormEpsilon = reader.epsilon("layer_norm_eps")
            reader.demand(
                width % attentionHeads == 0, "width", width, fits: reader.path("attention_heads"), attentionHeads)
        }
    }
}

extension ConfigurationReader {
    /// The array `labels`, of distinct texts.
    mutating func labels() -> [String] {
        let labels = strings("labels")
        let distinct = Set(labels).count
        demand(
            distinct == labels.count && distinct > 0, "labels", "an array of \(labels.count)",
            fits: "its number of distinct labels", distinct)
        demand(!labels.contains(""), "labels", "an array with \"\"", fits: "a label", "a text")
        return labels
    }

    /// The object `inputs`, which has at least one part.
    mutating func headInputs() -> Named<SensoriumConfiguration.HeadInput> {
        let inputs = Named(
            objects("inputs") { _, reader in SensoriumConfiguration.HeadInput(reading: &reader) })
        demand(!inputs.names.isEmpty, "inputs", "an object without keys", fits: "a head", "for at least one part")
        return inputs
    }
}

extension SensoriumConfiguration {
    /// How a classifier makes one answer of several parts. The formulas stand in models/training/sensorium/fusion.py.
    public struct Fusion: Sendable, Equatable {
        /// The ways there are.
        public enum Kind: String, Sendable, CaseIterable {
            /// Tokens of each part attend to tokens of the others.
            case crossAttention = "cross_attention"
            /// The parts' means side by side.
            case concat
            /// The sum of the parts' means with learned weights.
            case weightedSum = "weighted_sum"
            /// Of what each part says alone; see ``Late``.
            case late
            /// Cross-attention's answer and the weighted late one together.
            case hybrid
        }

        /// Which terms of cross-attention become one vector how.
        public enum Combination: String, Sendable, CaseIterable {
            /// Side by side, zeros for terms that are not there.
            case concat
            /// Their sum.
            case sum
            /// The largest of each channel.
            case max
        }

        /// How the parts' own answers become one.
        public enum Late: String, Sendable, CaseIterable {
            /// The mean of their probabilities.
            case mean
            /// The product of their probabilities, each to a learned power.
            case weighted
            /// The label that most parts choose; the mean decides where several have as many votes.
            case vote
        }

        /// One way of attending: tokens of `from` to tokens of `to`.
        public struct Direction: Sendable, Hashable {
            /// The part that asks.
            public let from: String
            /// The part that is looked at.
            public let to: String

            /// Tokens of `from` attend to those of `to`.
            public init(from: String, to: String) {
                self.from = from
                self.to = to
            }
        }

        /// The way.
        public let kind: Kind
        /// The directions of cross-attention between two parts; nil: all.
        public let directions: [Direction]?
        /// Whether each of three parts also attends to the two others at once.
        public let triple: Bool
        /// How the terms of cross-attention become one vector.
        public let combination: Combination
        /// The cross-attention layers of each direction.
        public let layers: Int
        /// For ``Kind/late``.
        public let late: Late
        /// A further term of cross-attention.
        public let match: Match?

        init(reading reader: inout ConfigurationReader, parts: [String]) {
            let name = reader.string("type", oneOf: Kind.allCases.map(\.rawValue))
            kind = Kind(rawValue: name) ?? .concat
            directions = Self.directions(reading: &reader, parts: parts)
            triple = reader.optionalBoolean("triple") ?? false
            let combine = reader.optionalString("combine", oneOf: Combination.allCases.map(\.rawValue))
            combination = combine.flatMap(Combination.init) ?? .concat
            layers = reader.optionalInteger("layers", in: 1...256) ?? 1
            let pool = reader.optionalString("late", oneOf: Late.allCases.map(\.rawValue))
            late = pool.flatMap(Late.init) ?? .weighted
            match = reader.optionalObject("match") { Match(reading: &$0, parts: parts) }
            if match != nil {
                reader.demand(
                    kind == .crossAttention || kind == .hybrid, "match", "present", fits: reader.path("type"),
                    kind.rawValue)
                reader.demand(
                    combination == .concat, "match", "present", fits: reader.path("combine"), combination.rawValue)
            }
            reader.demand(
                !triple || parts.count == 3, "triple", true, fits: "inputs", "an object with \(parts.count) keys")
        }

        /// `pairs`: "all" or a list of [from, to].
        private static func directions(
            reading reader: inout ConfigurationReader, parts: [String]
        ) -> [Direction]? {
            guard reader.has("pairs"), !reader.isString("pairs") else {
                _ = reader.optionalString("pairs", oneOf: ["all"])
                return nil
            }
            let pairs = reader.stringPairs("pairs")
            for pair in pairs {
                reader.demand(
                    pair.0 != pair.1 && parts.contains(pair.0) && parts.contains(pair.1), "pairs",
                    "an array with [\(pair.0), \(pair.1)]", fits: "inputs", parts.joined(separator: ", "))
            }
            return pairs.map { Direction(from: $0.0, to: $0.1) }
        }
    }
}

extension SensoriumConfiguration {
    /// Numbers that a request brings as they are: facial action units, EEG, word vectors. Each row becomes a token.
    public struct FeatureTower: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "features"
        /// Numbers of a row.
        public let width: Int
        /// The most rows.
        public let maxTokens: Int
        /// Subtracted from each row before a head sees it; nil for nothing.
        public let mean: [Float]?
        /// What each row is divided by then; nil for nothing.
        public let deviation: [Float]?
        /// What the numbers are, for people.
        public let description: String?

        init(reading reader: inout ConfigurationReader) {
            width = reader.integer("width", in: 1...16384)
            maxTokens = reader.integer("max_tokens", in: 1...1_000_000)
            mean = reader.optionalNumbers("mean", count: width)
            deviation = reader.optionalNumbers("deviation", count: width)
            description = reader.optionalString("description")
            if let least = deviation?.min() {
                reader.demand(least > 0, "deviation", "an array with \(least)", fits: "a deviation", "above zero")
            }
        }
    }
}

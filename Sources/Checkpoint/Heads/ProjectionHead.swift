extension SensoriumConfiguration {
    /// A head that projects each part by itself into one space, where what means the same lies close (Radford 2021, CLIP).
    public struct ProjectionHead: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "projection"
        /// The length of a vector of the space.
        public let dimensions: Int
        /// The shape of its layers.
        public let shape: HeadShape
        /// What it reads, by part; the order is that of the tensors.
        public let inputs: Named<HeadInput>

        init(reading reader: inout ConfigurationReader) {
            dimensions = reader.integer("dimensions", in: 1...16384)
            shape = HeadShape(reading: &reader)
            inputs = reader.headInputs()
        }
    }
}

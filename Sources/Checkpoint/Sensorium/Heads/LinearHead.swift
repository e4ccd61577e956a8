extension SensoriumConfiguration {
    /// The classifier of a convolutional network as it is published: the mean of one tower's tokens, then one linear layer.
    public struct LinearHead: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "linear"

        /// The answers that it chooses from.
        public let labels: [String]
        /// The one part that it reads: the last hidden state of a tower, nothing added.
        public let inputs: Named<HeadInput>
        /// What people call the things that the labels stand for; nil where labels are names enough.
        public let names: LabelNames?

        init(reading reader: inout ConfigurationReader) {
            labels = reader.labels()
            inputs = Named(reader.objects("inputs") { _, reader in HeadInput(tower: reader.string("tower")) })
            let (count, path) = (labels.count, reader.path("labels"))
            names = reader.optionalObject("names") { LabelNames(reading: &$0, labels: count, path: path) }
            reader.demand(
                inputs.names.count == 1, "inputs", "an object with \(inputs.names.count) keys", fits: "a linear head",
                "for one part")
        }
    }
}

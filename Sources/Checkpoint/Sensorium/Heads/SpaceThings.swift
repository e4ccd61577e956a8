extension SensoriumConfiguration {
    /// How the vector of a picture knows the names of what is seen in it: their own vectors, weighted by their likelihood, are
    /// added to it.
    ///
    ///     "things": {"head": "things", "input": "image", "weight": 0.3, "prior": 0.3}
    public struct SpaceThings: Sendable, Equatable {
        /// The linear head that says what is seen, by the names of its labels.
        public let head: String
        /// The input of the space whose vectors know names.
        public let input: String
        /// How much the names weigh; the picture's own vector, of length 1, weighs 1.
        public let weight: Float
        /// How likely something without a name is, beside the likelihoods of the names.
        public let prior: Float

        init(reading reader: inout ConfigurationReader) {
            reader.refuseKeys(except: ["head", "input", "weight", "prior"])
            head = reader.string("head")
            input = reader.string("input")
            weight = reader.fraction("weight")
            prior = reader.fraction("prior")
            reader.demand(prior > 0, "prior", prior, fits: "a likelihood", "more than 0")
        }
    }

    func check(
        _ things: SpaceThings, of space: ProjectionHead, _ name: String, _ reader: inout ConfigurationReader
    ) {
        checkSeeing(things.head, "heads.\(name).things.head", &reader)
        let tower = space.inputs[things.input]?.tower ?? "missing"
        reader.demand(
            tower == towers.firstImage?.name, "heads.\(name).things.input", things.input,
            fits: "heads.\(name).inputs.\(things.input).tower", tower)
    }
}

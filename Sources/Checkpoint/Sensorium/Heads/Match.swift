extension SensoriumConfiguration {
    /// A term of a classifier's fusion that says how well two parts match: the product, number by number, of their vectors in
    /// the joint space, whose sum would be their cosine.
    ///
    ///     "match": {"head": "space", "inputs": {"image": "image", "question": "text"}, "dimensions": 256}
    public struct Match: Sendable, Equatable {
        /// The head that makes the vectors.
        public let head: String
        /// For each of the classifier's two parts the input of that head which reads it.
        public let inputs: Named<String>
        /// The length of the vectors.
        public let dimensions: Int

        init(reading reader: inout ConfigurationReader, parts: [String]) {
            reader.refuseKeys(except: ["head", "inputs", "dimensions"])
            head = reader.string("head")
            dimensions = reader.integer("dimensions", in: 1...16384)
            let inputs = reader.object("inputs") { inputs in
                inputs.refuseKeys(except: parts)
                return Named(inputs.keys.map { ($0, inputs.string($0)) })
            }
            self.inputs = inputs
            reader.demand(
                inputs.names.count == 2, "inputs", "an object with \(inputs.names.count) keys", fits: "a match",
                "of two parts")
        }
    }

    func check(_ match: Match, of head: ClassifierHead, _ path: String, _ reader: inout ConfigurationReader) {
        guard case .projection(let space)? = heads[match.head] else {
            let found = heads[match.head]?.type ?? "missing"
            return reader.demand(false, "\(path).head", match.head, fits: "heads.\(match.head)", found)
        }
        reader.demand(
            match.dimensions == space.dimensions, "\(path).dimensions", match.dimensions,
            fits: "heads.\(match.head).dimensions", space.dimensions)
        for (part, name) in match.inputs {
            // Both read the tokens that the tower made once.
            let (own, other) = (head.inputs[part]?.tower ?? "missing", space.inputs[name]?.tower ?? "missing")
            reader.demand(
                own == other, "\(path).inputs.\(part)", name, fits: "heads.\(match.head).inputs.\(name).tower", other)
        }
    }
}

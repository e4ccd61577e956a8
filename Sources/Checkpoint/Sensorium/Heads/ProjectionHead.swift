extension SensoriumConfiguration {
    /// A head that projects each part by itself into one space, where what means the same lies close (Radford 2021, CLIP).
    public struct ProjectionHead: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "projection"
        /// The most phrases of ``concepts``.
        public static let maxConcepts = 1000

        /// The length of a vector of the space.
        public let dimensions: Int
        /// The shape of its layers.
        public let shape: HeadShape
        /// What it reads, by part; the order is that of the tensors. Those that only ``views`` lead to are no parts.
        public let inputs: Named<HeadInput>
        /// How the part `image` is read according to what it is taken for; nil: always by the input `image`.
        public let views: Views?
        /// How a picture and words become one vector; nil: by their mean.
        public let composition: Composition?
        /// How pictures know the names of what is seen in them; nil: they do not.
        public let things: SpaceThings?
        /// Phrases whose vectors the checkpoint has, the nearest of which says what a vector is about.
        public let concepts: [String]

        /// The inputs that are parts of requests: all but those that only ``views`` lead to.
        public var parts: [String] {
            let hidden = Set(views?.inputs.values ?? []).subtracting([Views.part])
            return inputs.names.filter { !hidden.contains($0) }
        }

        init(reading reader: inout ConfigurationReader) {
            dimensions = reader.integer("dimensions", in: 1...16384)
            shape = HeadShape(reading: &reader)
            inputs = reader.headInputs()
            views = reader.optionalObject("views") { Views(reading: &$0) }
            composition = reader.optionalObject("composition") { Composition(reading: &$0) }
            things = reader.optionalObject("things") { SpaceThings(reading: &$0) }
            concepts = reader.optionalStrings("concepts") ?? []
            checkConcepts(&reader)
        }

        private func checkConcepts(_ reader: inout ConfigurationReader) {
            guard reader.has("concepts") else { return }
            reader.demand(
                (1...Self.maxConcepts).contains(concepts.count), "concepts", "an array of \(concepts.count)",
                fits: "its length", "1 to \(Self.maxConcepts)")
            let distinct = Set(concepts).count
            reader.demand(
                distinct == concepts.count, "concepts", "an array of \(concepts.count)",
                fits: "its number of distinct phrases", distinct)
            reader.demand(!concepts.contains(""), "concepts", "an array with \"\"", fits: "a phrase", "a text")
        }
    }

    /// A classifier tells what a picture is, and that decides which input of the space reads it: a photo or a sketch, from
    /// the same tokens of the tower.
    public struct Views: Sendable, Equatable {
        /// The part of requests that has views.
        public static let part = "image"
        /// What pictures can be taken for.
        public static let names = ["photo", "sketch"]

        /// The name of the classifier, whose labels are the views.
        public let head: String
        /// The input of the space for each view.
        public let inputs: Named<String>

        init(reading reader: inout ConfigurationReader) {
            reader.refuseKeys(except: ["head", "inputs"])
            head = reader.string("head")
            inputs = reader.object("inputs") { views in
                views.refuseKeys(except: Self.names)
                return Named(views.keys.map { ($0, views.string($0)) })
            }
        }
    }

    /// A gated residual of picture and words (Vo 2019, TIRG).
    public struct Composition: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "gated_residual"
        /// The input whose vector is changed.
        public let image: String
        /// The input whose vector says how.
        public let text: String
        /// The inner width of gate and residual.
        public let hidden: Int

        init(reading reader: inout ConfigurationReader) {
            reader.refuseKeys(except: ["type", "image", "text", "hidden"])
            _ = reader.string("type", oneOf: [Self.type])
            image = reader.string("image")
            text = reader.string("text")
            hidden = reader.integer("hidden", in: 1...65536)
        }
    }
}

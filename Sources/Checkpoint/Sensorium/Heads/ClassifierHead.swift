extension SensoriumConfiguration {
    /// A head that chooses among labels from any non-empty subset of its parts.
    public struct ClassifierHead: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "classifier"

        /// What a classifier is asked through, besides its own name.
        public enum Task: String, Sendable, CaseIterable {
            /// What someone feels.
            case emotion
            /// The answer to a question about a picture.
            case vqa
        }

        /// The answers that it chooses from.
        public let labels: [String]
        /// The shape of its layers.
        public let shape: HeadShape
        /// The inner width of the classifiers.
        public let hidden: Int
        /// What it reads, by part; the order is that of the tensors.
        public let inputs: Named<HeadInput>
        /// How several parts become one answer.
        public let fusion: Fusion
        /// The task that it serves; nil: none but its own.
        public let task: Task?
        /// The parts without which it does not answer.
        public let required: [String]
        /// Whether the checkpoint has classifiers of each part alone. A head of several parts that answers from all of them
        /// alone has no need of them.
        public let saysAlone: Bool
        /// The linear head whose names may be answers, where they are seen: `"things": {"head": "things"}`; nil: labels alone.
        public let things: String?

        init(reading reader: inout ConfigurationReader) {
            labels = reader.labels()
            shape = HeadShape(reading: &reader)
            hidden = reader.integer("hidden", in: 1...65536)
            let inputs = reader.headInputs()
            self.inputs = inputs
            fusion = reader.object("fusion") { Fusion(reading: &$0, parts: inputs.names) }
            task = reader.optionalString("task", oneOf: Task.allCases.map(\.rawValue)).flatMap(Task.init)
            required = reader.optionalStrings("required") ?? []
            saysAlone = reader.optionalBoolean("alone") ?? true
            things = reader.optionalObject("things") { things in
                things.refuseKeys(except: ["head"])
                return things.string("head")
            }
            if !saysAlone {
                reader.demand(
                    inputs.names.count > 1 && Set(required) == Set(inputs.names), "alone", "false",
                    fits: reader.path("required"), required.joined(separator: ", "))
                reader.demand(
                    fusion.kind != .late && fusion.kind != .hybrid, "alone", "false", fits: reader.path("fusion.type"),
                    fusion.kind.rawValue)
            }
            for part in required {
                reader.demand(
                    inputs[part] != nil, "required", "an array with \(part)", fits: reader.path("inputs"),
                    inputs.names.joined(separator: ", "))
            }
            if task == .vqa {
                reader.demand(
                    Set(inputs.names) == ["image", "question"], "task", "vqa", fits: reader.path("inputs"),
                    inputs.names.joined(separator: ", "))
            }
        }
    }
}

extension SensoriumConfiguration {
    /// What answers a task from the tokens of towers.
    public enum Head: Sendable, Equatable {
        /// Writes captions.
        case caption(CaptionHead)
        /// Chooses among labels.
        case classifier(ClassifierHead)
        /// Chooses among labels by one linear layer.
        case linear(LinearHead)
        /// Gives vectors of a space that several kinds of input share.
        case projection(ProjectionHead)

        /// The value of `type`.
        public var type: String {
            switch self {
            case .caption: CaptionHead.type
            case .classifier: ClassifierHead.type
            case .linear: LinearHead.type
            case .projection: ProjectionHead.type
            }
        }

        /// nil where the type is not supported, which the reader has noted. The name "caption" is that of the one head that
        /// writes.
        init?(_ name: String, reading reader: inout ConfigurationReader) {
            let types =
                name == "caption" ? [CaptionHead.type] : [ClassifierHead.type, LinearHead.type, ProjectionHead.type]
            switch reader.string("type", oneOf: types) {
            case CaptionHead.type where name == "caption": self = .caption(CaptionHead(reading: &reader))
            case ClassifierHead.type where name != "caption": self = .classifier(ClassifierHead(reading: &reader))
            case LinearHead.type where name != "caption": self = .linear(LinearHead(reading: &reader))
            case ProjectionHead.type where name != "caption": self = .projection(ProjectionHead(reading: &reader))
            default: return nil
            }
        }

        /// What the head reads of towers, by part; empty for captions, which are written from the first image tower.
        public var inputs: Named<HeadInput> {
            switch self {
            case .caption: Named()
            case .classifier(let head): head.inputs
            case .linear(let head): head.inputs
            case .projection(let head): head.inputs
            }
        }
    }
}

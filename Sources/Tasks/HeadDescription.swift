/// What a head that was trained on top of the towers takes and says.
public struct HeadDescription: Sendable {
    /// The name in `config.json`, such as "emotion".
    public let name: String
    /// What path it answers besides `/v1/classify/{name}`: "emotion", "vqa", or nil for none.
    public let task: String?
    /// Its answers, in the order of their probabilities.
    public let labels: [String]
    /// What it reads, in the order of `config.json`.
    public let inputs: [PartSpec]
    /// The parts without which it does not answer; of the others any subset will do, as long as one part is there.
    public let required: [String]
    /// What people call what each label stands for; nil where labels are names enough.
    public let names: [LabelName]?
    /// Where it looks at parts of a picture as well: how likely in a part a label's name has to be to count as seen there. nil where
    /// it does not.
    public let floorOfParts: Float?
    /// Whether one label is right and the scores add up to 1; else each label is right or not by itself.
    public let isExclusive: Bool

    /// A description of those members.
    public init(
        name: String, task: String?, labels: [String], inputs: [PartSpec], required: [String],
        names: [LabelName]? = nil, floorOfParts: Float? = nil, isExclusive: Bool = true
    ) {
        self.isExclusive = isExclusive
        self.name = name
        self.task = task
        self.labels = labels
        self.inputs = inputs
        self.required = required
        self.names = names
        self.floorOfParts = floorOfParts
    }
}

/// What people call what a label stands for.
public struct LabelName: Sendable, Equatable {
    /// The everyday name, which several labels may share.
    public let name: String
    /// The nouns above the label, the nearest first.
    public let above: [String]

    /// A name of those members.
    public init(name: String, above: [String]) {
        self.name = name
        self.above = above
    }
}

/// What a head that was trained on top of the towers takes and says.
public struct HeadDescription: Sendable, Equatable {
    /// The name in `config.json`, such as "emotion".
    public let name: String
    /// What path it answers besides `/v1/classify/{name}`: "emotion", "vqa", or nil for none.
    public let task: String?
    /// Its answers, in the order of their probabilities.
    public let labels: [String]
    /// What it reads, in the order of `config.json`.
    public let inputs: [HeadInput]
    /// The parts without which it does not answer; of the others any subset will do, as long as one part is there.
    public let required: [String]
    /// What people call what each label stands for; nil where labels are names enough.
    public let names: [LabelName]?
    /// Where it looks at parts of a picture as well: how likely in a part a label's name has to be to count as seen there. nil where
    /// it does not.
    public let floorOfParts: Float?

    /// A description of those members.
    public init(
        name: String, task: String?, labels: [String], inputs: [HeadInput], required: [String],
        names: [LabelName]? = nil, floorOfParts: Float? = nil
    ) {
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

/// One part that a head reads, and the tower that it reads it through.
public struct HeadInput: Sendable, Equatable {
    /// What the part holds.
    public enum Kind: Sendable, Equatable {
        /// A whole picture.
        case image
        /// A whole picture in its own shape, of which the words are read.
        case page
        /// The crop of a face, or a picture that is one.
        case face
        /// A clip of sound.
        case audio
        /// A text or question.
        case text
        /// Tokens of that many numbers each, at most so many of them, computed by the client.
        case features(width: Int, maxTokens: Int)
    }

    /// The name of the part in requests: "image", "audio", "text", "question", "features", "features.<tower>".
    public let part: String
    /// The name of the tower.
    public let tower: String
    /// What the part holds.
    public let kind: Kind

    /// An input of those members.
    public init(part: String, tower: String, kind: Kind) {
        self.part = part
        self.tower = tower
        self.kind = kind
    }
}

/// What the audio tower takes.
public struct AudioInput: Sendable, Equatable {
    /// Samples per second.
    public let sampleRate: Int
    /// Bands of the log-mel spectrogram.
    public let melBins: Int
    /// Seconds that the tower takes at once; longer clips are cut into windows of that length.
    public let windowSeconds: Int
    /// Numbers that it gives for a token: its width, for each hidden state that is computed.
    public let tokenNumbers: Int

    /// An audio tower's needs.
    public init(sampleRate: Int, melBins: Int, windowSeconds: Int, tokenNumbers: Int) {
        self.sampleRate = sampleRate
        self.melBins = melBins
        self.windowSeconds = windowSeconds
        self.tokenNumbers = tokenNumbers
    }
}

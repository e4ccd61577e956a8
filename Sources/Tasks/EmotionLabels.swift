/// What the labels of published heads call emotions: a head whose labels all stand for some answers `/v1/emotion`, too, and heads
/// of different labels can be put together.
///
/// The labels are those of the checkpoints most used (SUPERB, RAVDESS, FER-2013, the `emotion` set of tweets), and GoEmotions'
/// 28 with the six of Ekman that its authors group them by (Demszky et al. 2020, appendix).
public enum EmotionLabels {
    private static let spellings: [String: [String]] = [
        "anger": ["anger", "angry", "ang", "annoyance", "disapproval"],
        "contempt": ["contempt"],
        "disgust": ["disgust", "disgusted", "dis"],
        "fear": ["fear", "fearful", "fea", "scared", "nervousness"],
        "joy": [
            "joy", "happy", "happiness", "hap", "love", "admiration", "amusement", "approval", "caring", "desire",
            "excitement", "excited", "exc", "gratitude", "optimism", "pride", "relief",
        ],
        "neutral": ["neutral", "neu", "calm"],
        "sadness": ["sadness", "sad", "disappointment", "embarrassment", "grief", "remorse"],
        "surprise": ["surprise", "surprised", "sur", "confusion", "curiosity", "realization"],
    ]

    private static let emotions = Dictionary(
        uniqueKeysWithValues: spellings.flatMap { emotion, labels in labels.map { ($0, emotion) } })

    /// The emotion that a label stands for, in any case; nil for another word.
    public static func emotion(of label: String) -> String? { emotions[label.lowercased()] }

    /// Whether all labels stand for emotions, and not all for the same.
    public static func areEmotions(_ labels: [String]) -> Bool {
        let found = labels.map(emotion(of:))
        return !found.contains(nil) && Set(found).count > 1
    }

    /// Probabilities of labels as those of emotions, in alphabetical order; they add up to 1.
    public static func shares(_ labels: [String], _ probabilities: [Float]) -> [(emotion: String, share: Double)] {
        var sums: [String: Double] = [:]
        for (label, probability) in zip(labels, probabilities) {
            sums[emotion(of: label) ?? label, default: 0] += Double(probability)
        }
        let total = sums.values.reduce(0, +)
        return sums.map { ($0.key, total > 0 ? $0.value / total : 0) }.sorted { $0.0 < $1.0 }
    }
}

extension HeadDescription {
    /// The head of a published classifier, which answers for emotions where its labels are some.
    static func published(
        _ name: String, labels: [String], inputs: [PartSpec], isExclusive: Bool
    ) -> HeadDescription {
        HeadDescription(
            name: name, task: EmotionLabels.areEmotions(labels) ? "emotion" : nil, labels: labels, inputs: inputs,
            required: inputs.map(\.part), isExclusive: isExclusive)
    }

    /// The tasks of a model with this head alone.
    var tasks: [String] { ["classify"] + (task.map { [$0] } ?? []) }
}

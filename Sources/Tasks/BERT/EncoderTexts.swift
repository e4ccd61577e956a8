import Checkpoint
import Tokenizer

/// How the texts of a published encoder are taken apart.
struct EncoderTexts: Sendable {
    /// A text by itself, or one and a part `text_pair` beside it as one sequence.
    let preparation: TextPreparation

    private let hasSegments: Bool

    /// Throws `TokenizerError` or `TaskError`.
    init(_ checkpoint: Checkpoint, _ text: PublishedText) throws {
        let tokenizer = try Tokenizer(folder: checkpoint.directory)
        let encoder = text.encoder
        try tokenizer.requireIDs(below: encoder.vocabularySize)
        let (limit, lowercases) = (encoder.maxTokens, text.lowercases)
        let encodePair: @Sendable (String, String) -> Tokenizer.Encoding = { first, second in
            tokenizer.encode(
                lowercases ? first.lowercased() : first, pair: lowercases ? second.lowercased() : second,
                maxTokens: limit)
        }
        preparation = TextPreparation(
            maxTokens: limit, pair: TextPreparation.Pair(part: "text_pair", encode: encodePair)
        ) { text in
            tokenizer.encode(lowercases ? text.lowercased() : text, maxTokens: limit)
        }
        try preparation.requireSpecialTokens()
        let (empty, pair) = (preparation.encode(""), encodePair("", ""))
        guard max(empty.ids.count, pair.ids.count) <= limit else {
            throw TaskError.inconsistentModel(
                "a text may have \(limit) tokens, fewer than the special tokens around two texts")
        }
        hasSegments = text.hasSegments
        if hasSegments, let most = (empty.typeIDs + pair.typeIDs).max(), most >= encoder.typeVocabularySize {
            throw TaskError.inconsistentModel(
                "the tokenizer tells \(most + 1) segments apart, but type_vocab_size is \(encoder.typeVocabularySize)")
        }
    }

    /// The segments of sequences, as the network takes them.
    func segments(of texts: [Tokenizer.Encoding]) -> [[Int32]] { hasSegments ? texts.map(\.typeIDs) : [] }
}

extension TextEncoder.Family {
    /// What a model with a head on it calls its encoder.
    var prefix: String {
        switch self {
        case .xlmRoberta: "roberta"
        default: rawValue
        }
    }

    /// Tensors that no answer is made of: what masked words were told by, and a pooler that a head has no use for.
    static let unread = [
        "position_ids", "pooler", "cls", "lm_head", "vocab_transform", "vocab_layer_norm", "vocab_projector",
        "generator_predictions", "generator_lm_head", "discriminator_predictions",
    ]
}

extension Weights {
    /// Those of the encoder: of a model with a head on it under a name.
    func encoder(_ family: TextEncoder.Family) -> Weights {
        has("embeddings.word_embeddings.weight") ? self : self[family.prefix]
    }
}

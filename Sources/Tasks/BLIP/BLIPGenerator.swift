import Checkpoint
import Media
import Networks
import Tensor
import Tokenizer

/// A published BLIP (Li et al. 2022) that writes: what is in a picture, or the answer to a question about it.
public final class BLIPGenerator: Sendable {
    /// What it is.
    public let identity: ModelIdentity
    /// How pictures are prepared.
    public let picturePreparation: PicturePreparation

    /// How it writes where a request does not say.
    let usual: GenerationConfiguration

    private let configuration: BLIPTextConfiguration
    private let vision: VisionTransformer
    /// Reads the question; nil: it writes captions.
    private let questions: BLIPTextEncoder?
    private let decoder: BLIPTextDecoder
    private let tokenizer: Tokenizer
    private let compute: Compute

    init(_ folder: Checkpoint, _ configuration: BLIPConfiguration, compute: Compute) throws {
        let weights = Weights(folder)
        let (picture, text) = (configuration.vision, configuration.text)
        vision = VisionTransformer(weights["vision_model"], picture, .blip)
        questions =
            configuration.kind == .questionAnswering
            ? BLIPTextEncoder(weights["text_encoder"], text, pictureWidth: picture.hiddenSize) : nil
        decoder = BLIPTextDecoder(
            weights["text_decoder"], text,
            memoryWidth: questions == nil ? picture.hiddenSize : text.hiddenSize)
        try weights.finish(ignoring: BLIPConfiguration.unread)
        tokenizer = try Tokenizer(folder: folder.directory)
        try tokenizer.requireIDs(below: text.vocabularySize)
        picturePreparation = try PicturePreparation(configuration.pictures)
        identity = ModelIdentity(folder, weights, BLIPConfiguration.modelType)
        usual = configuration.generation
        self.configuration = text
        self.compute = compute
    }

    /// The part that is a picture.
    public var picture: PartSpec { PartSpec(part: "image", tower: "image", .image(picturePreparation)) }

    /// Whether it answers questions; else it writes captions.
    public var answers: Bool { questions != nil }

    /// The most tokens that it writes, the end included, where nothing stands before them.
    var longestText: Int { decoder.longestSequence - 1 }

    /// The tokens of a question, cut to those that there are positions for.
    func encode(question: String) -> [Int32] {
        tokenizer.encode(question, maxTokens: configuration.maxPositions).ids
    }

    /// What a caption that begins with words is written behind: the begin of the sequence, then the words without the special tokens
    /// around them. Throws `TaskError` where no token would be left to write.
    func prompt(_ words: String?) throws(TaskError) -> [Int32] {
        let begin = [Int32(configuration.beginToken)]
        guard let words else { return begin }
        let encoding = tokenizer.encode(words, maxTokens: decoder.longestSequence)
        guard !encoding.truncated else {
            throw .promptTooLong(tokens: encoding.totalTokens - 2, limit: decoder.longestSequence - 2)
        }
        // As the reference: the first token, [CLS], becomes [DEC], and the last, [SEP], is dropped.
        return begin + encoding.ids.dropFirst().dropLast()
    }

    /// The last hidden states of pictures [tokens, d].
    public func encode(pictures: [[Float]], pause: () -> Void = {}) -> [TowerTokens] {
        compute.take { vision.hiddenStates(pictures, workspace: $0.workspace, pool: compute.pool, pause: pause) }
    }

    /// What captions of pictures attend to: their tokens.
    func memories(ofPictures states: [TowerTokens], pause: () -> Void) -> [CrossAttentionMemory] {
        states.map { state in compute.take { _ in decoder.memory(of: state, pool: compute.pool, pause: pause) } }
    }

    /// What answers to questions about pictures attend to: the questions' tokens once they have seen the pictures.
    func memories(
        ofQuestions texts: [[Int32]], about states: [TowerTokens], pause: () -> Void
    ) -> [CrossAttentionMemory] {
        guard let questions else { return [] }
        return compute.take { memory in
            let seen = states.map { questions.memory(of: $0, pool: compute.pool, pause: pause) }
            return questions.hiddenStates(
                texts, about: seen, workspace: memory.workspace, pool: compute.pool, pause: pause
            ).map { decoder.memory(of: $0, pool: compute.pool, pause: pause) }
        }
    }

    /// Begins a text about what was encoded.
    func begin(
        _ options: GenerationOptions, prompt: [Int32], about memory: CrossAttentionMemory
    ) -> TextGeneration<CrossAttentionMemory> {
        let request = TextGeneration<CrossAttentionMemory>.Request(
            options: options, usual: usual, prompt: prompt, shown: Array(prompt.dropFirst()),
            longest: decoder.longestSequence)
        let capacity = TextGeneration<CrossAttentionMemory>.capacity(request)
        return TextGeneration(
            request, decoder.begin(memory, capacity: capacity), next: prompt, tokenizer: tokenizer)
    }

    /// The logits that follow the last of `tokens` in a text about a memory, for comparison with another implementation.
    func logits(_ tokens: [Int32], about memory: CrossAttentionMemory) -> [Float] {
        compute.take { space in
            let sequence = decoder.begin(memory, capacity: tokens.count)
            let logits = decoder.step(
                [.init(sequence, tokens)], workspace: space.workspace, pool: compute.pool)
            return Array(UnsafeBufferPointer(start: logits, count: decoder.vocabularySize))
        }
    }

    /// Takes all given texts one step on, all tokens in one pass.
    public func step(_ texts: [TextGeneration<CrossAttentionMemory>]) {
        compute.take { decoder.write(texts, workspace: $0.workspace, pool: compute.pool) }
    }
}

extension BLIPTextDecoder: TokenDecoder {}

extension BLIPConfiguration {
    /// Tensors that published files may have and nobody reads: tables of consecutive numbers, poolers, and of what is tied the
    /// second one.
    static let unread = ["position_ids", "pooler", "cls.predictions.bias", "cls.predictions.decoder.bias"]
}

import Checkpoint
import Networks
import Tensor
import Tokenizer

/// The caption head at work: from image tokens to captions, the captions of many requests step by step together.
final class Captioner: Sendable {
    private let imageMemory: ImageMemory
    private let decoder: CaptionDecoder
    private let vocabulary: CaptionVocabulary
    /// The word pieces of each name of a thing that it may be told of, as tokens of the decoder.
    private let names: [[Int32]]
    /// Things less likely than this it is not told of.
    private let floor: Float
    private let imageTokens: Int
    private let channels: Int
    private let width: Int

    /// The most tokens that a caption can have, its end included.
    var longestCaption: Int { decoder.longestSequence }

    /// The networks of a caption head.
    struct Networks {
        fileprivate let imageMemory: ImageMemory
        fileprivate let decoder: CaptionDecoder

        /// Reads the tensors of the head.
        init(
            _ weights: Weights, _ head: SensoriumConfiguration.CaptionHead,
            tower: SensoriumConfiguration.ImageTower, width: Int
        ) {
            imageMemory = ImageMemory(weights, head, tower: tower, width: width)
            decoder = CaptionDecoder(weights, head, tower: tower, width: width)
        }
    }

    init(
        _ networks: Networks, _ head: SensoriumConfiguration.CaptionHead, tower: SensoriumConfiguration.ImageTower,
        width: Int, tokenizer: Tokenizer, names: NamesOfThings?
    ) throws {
        imageMemory = networks.imageMemory
        decoder = networks.decoder
        vocabulary = try CaptionVocabulary(
            head.vocabulary, beginToken: head.beginToken, endToken: head.endToken, tokenizer: tokenizer)
        let longest = head.things?.positions ?? 0
        floor = head.things?.floor ?? 0
        let vocabulary = vocabulary
        self.names = try (names?.all ?? []).map { try vocabulary.tokens(ofName: $0, limit: longest) }
        imageTokens = tower.tokens
        channels = tower.channels
        self.width = width
    }

    /// What is wrong with `options` for this model, before any image is decoded: throws `TaskError`.
    func validate(_ options: GenerationOptions) throws(TaskError) {
        try options.validate(longest: longestCaption, CaptionGeneration.usual)
        _ = try prompt(of: options)
    }

    private func prompt(of options: GenerationOptions) throws(TaskError) -> [Int32] {
        guard let prompt = options.prompt else { return [] }
        // At least one token must be left to generate.
        return try vocabulary.tokens(ofPrompt: prompt, limit: longestCaption - 1)
    }

    /// Begins the captions of several requests: one pass of the encoder over all their images. `vectors` are those of the images
    /// in the joint space, or none.
    func start(
        _ items: [(image: ImageEncoding, options: GenerationOptions)], vectors: [[Float]], workspace: CaptionWorkspace,
        pool: ComputePool
    ) throws(TaskError) -> [CaptionGeneration] {
        var prompts: [[Int32]] = []
        for item in items {
            try item.options.validate(longest: longestCaption, CaptionGeneration.usual)
            prompts.append(try prompt(of: item.options))
        }
        let memories = encode(items.map(\.image), workspace: workspace, pool: pool)
        return items.indices.map { index in
            CaptionGeneration(
                items[index].options, prompt: prompts[index], vocabulary: vocabulary,
                longestSequence: longestCaption, memory: memories[index],
                picture: DescribedPicture(
                    things: items[index].image.things, vector: vectors.isEmpty ? [] : vectors[index])
            ) { capacity in decoder.begin(memories[index], capacity: capacity) }
        }
    }

    private func encode(
        _ images: [ImageEncoding], workspace: CaptionWorkspace, pool: ComputePool
    ) -> [CaptionMemory] {
        let size = imageTokens * channels
        for image in images.map(\.tokens) {
            precondition(image.count == size, "an image has \(image.count) token values instead of \(size)")
        }
        let names = images.map { $0.things.filter { $0.likeliest >= floor }.flatMap(pieces(of:)) }
        let workspaces = workspace.images(min(images.count, pool.threadCount), width: imageTokens * width)
        return [CaptionMemory](unsafeUninitializedCapacity: images.count) { memories, initialized in
            // Each thread computes in a workspace of its own, and initializes the memories of its own images.
            nonisolated(unsafe) let (memories, workspaces) = (memories, workspaces)
            pool.forEach(images.count) { image, thread, pool in
                let workspace = workspaces[thread]
                let memory = workspace.memory.pointer
                imageMemory.encode(
                    images[image].tokens, images: 1, into: memory, workspace: workspace.network, pool: pool)
                memories.initializeElement(
                    at: image, to: decoder.encode(memory, things: names[image], pool: pool))
            }
            initialized = images.count
        }
    }

    private func pieces(of thing: SeenThing) -> [ThingPiece] {
        names[thing.name].enumerated().map { place, token in
            ThingPiece(token: token, place: place, of: thing)
        }
    }

    /// Generates the next token of every sequence of every generation that is not finished.
    func step(_ generations: [CaptionGeneration], workspace: CaptionWorkspace, pool: ComputePool) {
        let active = generations.filter { !$0.isFinished }
        var searches = active.map(\.search)
        decoder.advance(&searches, never: vocabulary.beginToken, workspace: workspace.network, pool: pool)
        for (generation, search) in zip(active, searches) {
            generation.search = search
            generation.advanced()
        }
    }

    /// Looks where the words of finished captions came from, for those that are to be explained.
    func explain(_ generations: [CaptionGeneration], workspace: CaptionWorkspace, pool: ComputePool) {
        for generation in generations where generation.explains && generation.isFinished && generation.attention == nil
        {
            generation.attention = generation.candidates.map { candidate in
                decoder.crossAttentionWeights(
                    generation.memory, begin: Int32(vocabulary.beginToken), candidate.ids.map(Int32.init),
                    workspace: workspace.network, pool: pool)
            }
        }
    }

    /// The logits that follow the begin of the sequence, for comparison with another implementation.
    func firstStepLogits(_ image: ImageEncoding, workspace: CaptionWorkspace, pool: ComputePool) -> [Float] {
        let memories = encode([image], workspace: workspace, pool: pool)
        let inputs = memories.map {
            DecoderInput(decoder.begin($0, capacity: 1), [Int32(vocabulary.beginToken)])
        }
        let logits = decoder.step(inputs, workspace: workspace.network, pool: pool)
        return Array(UnsafeBufferPointer(start: logits, count: decoder.vocabularySize))
    }
}

extension CaptionDecoder: TokenDecoder {}

/// The memory that captioning computes in. Not thread-safe: one call at a time.
final class CaptionWorkspace {
    /// For steps.
    let network = Workspace()
    private var images: [Image] = []

    /// For one thread that encodes images.
    final class Image {
        let network = Workspace()
        let memory: FloatBuffer

        init(width: Int) { memory = FloatBuffer(count: width) }
    }

    /// Workspaces for so many threads, each with a memory of `width` floats; the same at each call.
    func images(_ count: Int, width: Int) -> [Image] {
        while images.count < count { images.append(Image(width: width)) }
        return images
    }
}

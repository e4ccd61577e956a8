import JSON

/// A Whisper (Radford et al. 2022) that writes down speech, as transformers saves `WhisperForConditionalGeneration`: `config.json` of
/// `WhisperConfig`, `generation_config.json` and `preprocessor_config.json`. What a file leaves out is what transformers 5.24 takes
/// for it.
public struct WhisperConfiguration: Sendable, Equatable {
    /// The value of `model_type`.
    public static let modelType = "whisper"

    /// Frames of a log-mel spectrogram that become one token of the encoder.
    public static let framesOfToken = 2

    /// The encoder.
    public let encoder: SensoriumConfiguration.AudioTower
    /// The decoder.
    public let decoder: Decoder
    /// What follows the first map of each feed-forward layer, in both.
    public let activation: HiddenActivation
    /// Attention weights over time are smoothed over so many tokens of the encoder before words are aligned with them; odd.
    public let medianFilterWidth: Int
    /// How text is generated.
    public let generation: WhisperGeneration

    /// The decoder of `WhisperConfig`.
    public struct Decoder: Sendable, Equatable {
        /// Rows of the word embedding, which is the output layer as well.
        public let vocabularySize: Int
        /// The width of a token.
        public let width: Int
        /// Transformer layers.
        public let layers: Int
        /// Attention heads of each.
        public let attentionHeads: Int
        /// The inner width of the feed-forward network.
        public let innerWidth: Int
        /// Rows of the position table: the most tokens of a sequence, the prompt included.
        public let maxPositions: Int
        /// Whether the output layer is the word embedding; else the file has one of its own.
        public let isTied: Bool
    }

    /// Frames of a window, the only length that the encoder takes.
    public var windowFrames: Int { Self.framesOfToken * encoder.maxPositions }

    /// Seconds of a window.
    public var windowSeconds: Int { encoder.windowSamples / encoder.sampleRate }

    /// Reads the files of a folder. The error lists all that is wrong with them.
    public init(_ folder: Checkpoint) throws(CheckpointError) {
        var files = PublishedFiles(folder)
        guard var reader = files.reader("config.json", isRequired: true) else {
            throw CheckpointError(directory: folder.directory, problems: files.problems + folder.problems)
        }
        let width = reader.integer("d_model", in: 1...16_384, orElse: 384)
        encoder = SensoriumConfiguration.AudioTower(
            melBins: reader.integer("num_mel_bins", in: 1...1024, orElse: 80), sampleRate: Self.sampleRate,
            hiddenSize: width, layers: reader.integer("encoder_layers", in: 1...256, orElse: 4),
            attentionHeads: reader.integer("encoder_attention_heads", in: 1...1024, orElse: 6),
            intermediateSize: reader.integer("encoder_ffn_dim", in: 1...65_536, orElse: 1536),
            maxPositions: reader.integer("max_source_positions", in: 1...100_000, orElse: 1500))
        decoder = Decoder(
            vocabularySize: reader.integer("vocab_size", in: 1...10_000_000, orElse: 51_865), width: width,
            layers: reader.integer("decoder_layers", in: 1...256, orElse: 4),
            attentionHeads: reader.integer("decoder_attention_heads", in: 1...1024, orElse: 6),
            innerWidth: reader.integer("decoder_ffn_dim", in: 1...65_536, orElse: 1536),
            maxPositions: reader.integer("max_target_positions", in: 2...100_000, orElse: 448),
            isTied: reader.boolean("tie_word_embeddings", orElse: true))
        activation = reader.activation("activation_function", orElse: .gelu)
        medianFilterWidth = reader.integer("median_filter_width", in: 1...101, orElse: 7)
        if medianFilterWidth % 2 == 0 {
            reader.refuse("median_filter_width", "\(medianFilterWidth)", supported: ["odd numbers"])
        }
        reader.demandHeads(width: width, "d_model", heads: encoder.attentionHeads, "encoder_attention_heads")
        reader.demandHeads(width: width, "d_model", heads: decoder.attentionHeads, "decoder_attention_heads")
        var special = WhisperSpecialTokens(config: &reader)
        if var file = files.reader("generation_config.json") {
            special.read(&file)
            generation = WhisperGeneration(&file, special, decoder, begin: [])
            files.problems += reader.problems + file.problems
        } else {
            // As of a checkpoint from before that file: what it says stands in config.json.
            generation = WhisperGeneration(&reader, special, decoder, begin: [220, 50_256])
            files.problems += reader.problems
        }
        if var reader = files.reader("preprocessor_config.json") ?? files.nestedReader("feature_extractor") {
            Self.check(&reader, bins: encoder.melBins, frames: Self.framesOfToken * encoder.maxPositions)
            files.problems += reader.problems
        }
        files.problems += folder.problems
        guard files.problems.isEmpty else {
            throw CheckpointError(directory: folder.directory, problems: files.problems)
        }
    }

    /// Samples of a second, and from one frame to the next, of every published Whisper.
    private static let sampleRate = 16_000, hop = 160

    /// Refuses a spectrogram that is made in another way than the only one there is.
    private static func check(_ reader: inout ConfigurationReader, bins: Int, frames: Int) {
        let found = reader.integer("feature_size", in: 1...1024, orElse: 80)
        reader.demand(found == bins, "feature_size", found, fits: "num_mel_bins", bins)
        for (key, only) in [("sampling_rate", sampleRate), ("hop_length", hop), ("n_fft", 400)] {
            let found = reader.integer(key, in: 1...1_000_000, orElse: only)
            if found != only { reader.refuse(key, "\(found)", supported: ["\(only)"]) }
        }
        let seconds = reader.integer("chunk_length", in: 1...10_000, orElse: 30)
        reader.demand(
            seconds * sampleRate / hop == frames, "chunk_length", seconds, fits: "max_source_positions",
            frames / framesOfToken)
        if reader.number("dither", orElse: 0) != 0 { reader.refuse("dither", "not 0", supported: ["0"]) }
        if reader.boolean("do_normalize", orElse: false) { reader.refuse("do_normalize", "true", supported: ["false"]) }
    }
}

extension SensoriumConfiguration.AudioTower {
    /// Of a published Whisper.
    fileprivate init(
        melBins: Int, sampleRate: Int, hiddenSize: Int, layers: Int, attentionHeads: Int, intermediateSize: Int,
        maxPositions: Int
    ) {
        self.melBins = melBins
        self.sampleRate = sampleRate
        self.hiddenSize = hiddenSize
        self.layers = layers
        self.attentionHeads = attentionHeads
        self.intermediateSize = intermediateSize
        self.maxPositions = maxPositions
        layerNormEpsilon = 1e-5
        finalNorm = true
        resampler = "soxr_hq"
    }
}

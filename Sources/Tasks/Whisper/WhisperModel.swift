import Checkpoint
import Media
import Networks
import Tensor
import Tokenizer

/// A published Whisper, ready to write down what is said.
public final class WhisperModel: Sendable {
    /// What it is.
    public let identity: ModelIdentity
    /// The sound that it takes.
    public let input: PartSpec

    let configuration: WhisperConfiguration
    let tokenizer: Tokenizer
    private let encoder: WhisperEncoder
    private let decoder: WhisperDecoder
    private let compute: Compute
    private var pool: ComputePool { compute.pool }

    /// Checks and packs the checkpoint in a folder. Throws `CheckpointError` or `TokenizerError`.
    public static func load(_ folder: Checkpoint, compute: Compute) throws -> WhisperModel {
        try WhisperModel(folder, compute: compute)
    }

    private init(_ checkpoint: Checkpoint, compute: Compute) throws {
        configuration = try WhisperConfiguration(checkpoint)
        let whole = Weights(checkpoint)
        let weights = whole["model"]
        encoder = WhisperEncoder(
            weights["encoder"], configuration.encoder, activation: configuration.activation)
        decoder = WhisperDecoder(weights["decoder"], whole: whole, configuration)
        try whole.finish(ignoring: configuration.decoder.isTied ? ["proj_out"] : [])
        tokenizer = try Tokenizer(folder: checkpoint.directory)
        try tokenizer.requireIDs(below: configuration.decoder.vocabularySize)
        identity = ModelIdentity(checkpoint, whole, WhisperConfiguration.modelType)
        let shape = configuration.decoder
        let tower = configuration.encoder
        // A window's hidden state, keys and values of all layers, and those of the tokens.
        let rows = tower.maxPositions + shape.maxPositions
        let work = tower.maxPositions * tower.hiddenSize + 2 * shape.layers * rows * shape.width
        input = PartSpec(
            part: "audio", tower: "audio",
            .sound(
                SoundPreparation(
                    sampleRate: tower.sampleRate, melBins: tower.melBins,
                    wholePaddedTo: configuration.windowSeconds, workBytes: work * MemoryLayout<Float>.stride)))
        self.compute = compute
    }

    /// What is wrong with options for this model: throws `TaskError`.
    public func validate(_ options: TranscriptionOptions) throws {
        _ = try prompt(options, writesTimestamps: options.timestamps != .none)
    }

    private func prompt(_ options: TranscriptionOptions, writesTimestamps: Bool) throws(TaskError) -> WhisperPrompt {
        try WhisperPrompt(options, configuration.generation, writesTimestamps: writesTimestamps, model: identity.name)
    }

    /// Begins the transcript of a sound. Throws `TaskError`.
    public func start(_ sound: Transcription.Sound, _ options: TranscriptionOptions) throws -> Transcription {
        // Longer sounds go on at time stamps, whether or not anybody wants to know them.
        let isLong = sound.mel.count > configuration.windowFrames * configuration.encoder.melBins
        let writes = options.timestamps != .none || isLong
        if isLong, configuration.generation.special.noTimestamps == nil {
            throw TaskError.invalidOption(
                "audio",
                "is longer than \(configuration.windowSeconds) s, which the model \(identity.name) cannot write down, for it writes no "
                    + "time stamps")
        }
        let transcription = Transcription(
            sound, options, prompt: try prompt(options, writesTimestamps: writes),
            rules: WhisperTokenRules(generation: configuration.generation, writesTimestamps: writes), configuration)
        beginWindow(of: transcription)
        return transcription
    }

    private func beginWindow(of transcription: Transcription) {
        transcription.skipSilence()
        guard let window = transcription.window else {
            transcription.phase = .finished
            return
        }
        transcription.beginWindow()
        transcription.phase = .encoding(encoder.begin(window))
    }

    /// Takes all given transcripts one step on: a piece of a window's encoding, or a token, all tokens in one pass.
    public func step(_ transcriptions: [Transcription]) {
        compute.take { memory in
            for transcription in transcriptions {
                transcription.forgetNewSegments()
                encode(transcription, memory.workspace)
            }
            write(transcriptions, memory.workspace)
        }
    }

    /// Computes the next piece of a window where one is being encoded.
    private func encode(_ transcription: Transcription, _ workspace: Workspace) {
        switch transcription.phase {
        case .encoding(let window):
            if encoder.advance(window, workspace: workspace, pool: pool) {
                transcription.phase = .cachingSound(decoder.encode(window))
            }
        case .cachingSound(let memory):
            guard decoder.advance(memory, pool: pool) else { return }
            let capacity = configuration.decoder.maxPositions
            transcription.phase = .writing(
                decoder.begin(memory, capacity: capacity), next: [configuration.generation.special.start])
        case .writing, .finished: break
        }
    }

    private func write(_ transcriptions: [Transcription], _ workspace: Workspace) {
        let writing = transcriptions.filter { if case .writing = $0.phase { true } else { false } }
        let inputs = writing.compactMap { transcription -> DecoderInput<WhisperSequence>? in
            guard case .writing(let sequence, let next) = transcription.phase else { return nil }
            return DecoderInput(sequence, next.map(Int32.init))
        }
        guard !inputs.isEmpty else { return }
        let logits = decoder.step(inputs, workspace: workspace, pool: pool)
        for (row, (transcription, input)) in zip(writing, inputs).enumerated() {
            let count = decoder.vocabularySize
            read(
                UnsafeMutableBufferPointer(start: logits + row * count, count: count), input.sequence,
                isBegin: input.sequence.length == 1, transcription)
        }
    }

    private func read(
        _ logits: UnsafeMutableBufferPointer<Float>, _ sequence: WhisperSequence, isBegin: Bool,
        _ transcription: Transcription
    ) {
        if isBegin {
            transcription.readBegin(logits)
            if !transcription.prompt.isEmpty {
                transcription.phase = .writing(sequence, next: transcription.prompt.compactMap(\.self))
                return
            }
        }
        if transcription.write(logits) {
            transcription.endWindow(sequence.alignment)
            beginWindow(of: transcription)
        } else {
            sequence.aligns = transcription.options.timestamps == .word
            transcription.phase = .writing(sequence, next: Array(transcription.written.suffix(1)))
        }
    }

    /// The text that the last step made final.
    public func newText(of transcription: Transcription) -> String {
        transcription.newSegments.map { text(of: $0.tokens) }.joined()
    }

    /// All that is written so far.
    public func transcript(of transcription: Transcription) -> Transcript {
        let segments = transcription.segments
        let language = language(of: transcription)
        var transcript = Transcript(text: segments.map { text(of: $0.tokens) }.joined().trimmed, language: language)
        guard transcription.options.timestamps != .none else { return transcript }
        transcript.segments = segments.compactMap { segment in
            let text = text(of: segment.tokens).trimmed
            return text.isEmpty ? nil : Transcript.Piece(text, start: segment.start, end: segment.end)
        }
        if transcription.options.timestamps == .word { transcript.words = words(segments, language) }
        return transcript
    }

    private func words(_ segments: [Transcription.Segment], _ language: String?) -> [Transcript.Piece] {
        var last = 0.0
        return segments.flatMap { segment in
            var places: [Int] = []
            var spans: [(start: Double, end: Double)] = []
            for (place, time) in segment.times.enumerated() {
                if isText(segment.tokens[place]) {
                    places.append(place)
                    spans.append((last, time))
                }
                last = time
            }
            let tokens = places.map { segment.tokens[$0] }
            let words = WhisperWords(
                tokens, end: configuration.generation.special.end, language: language, tokenizer)
            return words.words.compactMap { word -> Transcript.Piece? in
                guard let first = word.tokens.first, let final = word.tokens.last else { return nil }
                return Transcript.Piece(word.text.trimmed, start: spans[first].start, end: spans[final].end)
            }
        }
    }

    private func isText(_ token: Int) -> Bool {
        token < (configuration.generation.special.firstTimestamp ?? .max)
            && tokenizer.decode([token], skipsSpecial: true).isEmpty
                == tokenizer.decode([token], skipsSpecial: false).isEmpty
    }

    private func text(of tokens: [Int]) -> String {
        let first = configuration.generation.special.firstTimestamp ?? .max
        return tokenizer.decode(tokens.filter { $0 < first })
    }

    private func language(of transcription: Transcription) -> String? {
        let languages = configuration.generation.languages
        let heard = transcription.prompt.lazy.compactMap { token in languages.first { $0.value == token }?.key }.first
        return heard ?? (configuration.generation.knowsLanguages ? nil : "en")
    }
}

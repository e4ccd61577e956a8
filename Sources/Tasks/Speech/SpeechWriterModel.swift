import Checkpoint
import Networks
import Tensor

/// A published wav2vec 2.0, HuBERT or WavLM that writes down what is said, a letter for each frame (`…ForCTC`; connectionist temporal
/// classification, Graves et al. 2006): the likeliest letter of each, without a model of the language.
public final class SpeechWriterModel: Sendable {
    /// What it is.
    public let identity: ModelIdentity
    /// The sound that it takes.
    public let input: PartSpec

    let vocabulary: LetterVocabulary
    /// Seconds from one frame to the next.
    let secondsOfFrame: Double
    private let cut: SpeechCut
    private let encoder: SpeechEncoder
    private let head: LetterHead
    private let compute: Compute

    /// Checks and packs the checkpoint in a folder. Throws `CheckpointError`.
    public init(
        _ folder: Checkpoint, _ configuration: SpeechConfiguration, letters: Int, compute: Compute
    ) throws {
        vocabulary = try LetterVocabulary(folder)
        let weights = Weights(folder)
        encoder = SpeechEncoder(weights[configuration.family.rawValue], configuration)
        head = LetterHead(weights, configuration, letters: letters)
        try weights.finish(ignoring: SpeechClassifierModel.unread)
        let (rate, step) = (configuration.sampleRate, configuration.samplesPerFrame)
        cut = SpeechCut(sampleRate: rate, samplesPerFrame: step)
        secondsOfFrame = Double(step) / Double(rate)
        input = PartSpec(
            part: "audio", tower: "audio",
            .sound(SoundPreparation(configuration, mostSeconds: SpeechCut.seconds, hearsLonger: true)))
        self.compute = compute
        identity = ModelIdentity(folder, weights, configuration.family.rawValue)
    }

    /// Begins the transcript of a sound.
    public func start(_ samples: [Float], _ options: TranscriptionOptions) -> SpeechWriting {
        SpeechWriting(samples, options, pieces: cut.pieces(of: samples.count))
    }

    /// The logits of a whole sound's frames, [frames, letters].
    public func logits(_ samples: [Float]) -> [Float] {
        compute.take { memory in
            let sound = encoder.begin(samples[...])
            while !encoder.advance(sound, workspace: memory.workspace, pool: compute.pool) {}
            return head.logits(sound, pool: compute.pool)
        }
    }

    /// Takes all given transcripts one step on: a piece of the encoding of what they hear.
    public func step(_ writings: [SpeechWriting]) {
        compute.take { memory in
            for writing in writings {
                guard let piece = writing.pieces.first else { continue }
                let sound = writing.encoding ?? encoder.begin(writing.samples[piece.samples])
                writing.encoding = sound
                guard encoder.advance(sound, workspace: memory.workspace, pool: compute.pool) else { continue }
                let likeliest = head.likeliest(sound, pool: compute.pool)
                writing.letters += likeliest[piece.frames.clamped(to: 0..<likeliest.count)]
                writing.encoding = nil
                writing.pieces.removeFirst()
            }
        }
    }
}

extension SpeechWriterModel: GeneratingModel {
    /// What it is and can do.
    public var card: ModelCard {
        var card = ModelCard(identity, tasks: ["transcribe"])
        card.transcribedInput = input
        return card
    }

    /// What is wrong with options for this model: throws `TaskError`.
    public func validate(_ options: TranscriptionOptions) throws {
        if options.language != nil {
            throw TaskError.invalidOption(
                "language",
                "cannot be chosen, for the model \(identity.name) writes down one language and does not tell which: "
                    + "leave it out")
        }
        if options.task == .translate {
            throw TaskError.invalidOption(
                "task", "is \"translate\", but the model \(identity.name) writes what is said: leave it out")
        }
    }

    /// Begins transcripts; texts of other kinds it does not write.
    public func start(_ requests: [GenerationRequest], pause: () -> Void) -> [Result<SpeechWriting, any Error>] {
        requests.map { request in
            Result {
                guard case .transcript(of: .samples(let samples), let options) = request else {
                    throw TaskError.taskNotAvailable("caption", model: identity.name)
                }
                try validate(options)
                return start(samples, options)
            }
        }
    }

    /// How far a transcript is.
    public func progress(of writing: SpeechWriting) -> GenerationProgress {
        let isFinished = writing.pieces.isEmpty
        guard isFinished || writing.encoding == nil else { return GenerationProgress(newText: "") }
        let letters = WrittenLetters(writing.letters, vocabulary)
        return GenerationProgress(
            newText: writing.tell(letters.text),
            result: isFinished ? .transcript(transcript(letters, writing.options)) : nil)
    }

    /// What was written, with the times of words, and of segments: runs of words with less than half a second between two.
    private func transcript(_ letters: WrittenLetters, _ options: TranscriptionOptions) -> Transcript {
        var transcript = Transcript(text: letters.text, language: nil)
        guard options.timestamps != .none else { return transcript }
        let words = letters.words.map { word in
            Transcript.Piece(
                word.text, start: Double(word.frames.lowerBound) * secondsOfFrame,
                end: Double(word.frames.upperBound) * secondsOfFrame)
        }
        var segments: [Transcript.Piece] = []
        for word in words {
            if let last = segments.last, word.start - last.end < Self.pauseOfSegments {
                segments[segments.count - 1].text += vocabulary.delimiterText + word.text
                segments[segments.count - 1].end = word.end
            } else {
                segments.append(word)
            }
        }
        transcript.segments = segments
        if options.timestamps == .word { transcript.words = words }
        return transcript
    }

    /// Seconds without a letter that end a segment.
    private static let pauseOfSegments = 0.5
}

/// A transcript in the making, letter by letter.
public final class SpeechWriting {
    let samples: [Float]
    let options: TranscriptionOptions
    /// What is to be heard yet.
    var pieces: ArraySlice<SpeechCut.Piece>
    var encoding: SpeechEncoding?
    /// The letters of all frames heard so far.
    var letters: [Int] = []
    private var told = ""

    init(_ samples: [Float], _ options: TranscriptionOptions, pieces: [SpeechCut.Piece]) {
        self.samples = samples
        self.options = options
        self.pieces = pieces[...]
    }

    /// What of a text was not told before. A text that does not go on from what was told is told at its end alone.
    func tell(_ text: String) -> String {
        guard text.count > told.count, text.hasPrefix(told) else { return "" }
        defer { told = text }
        return String(text.dropFirst(told.count))
    }
}

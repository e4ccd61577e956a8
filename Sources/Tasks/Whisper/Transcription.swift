import Checkpoint
import Glibc
import Networks
import Tensor

/// A transcript in the making: window after window of a sound, each encoded piece by piece and then written token by token, as
/// transformers' long-form `generate` does at temperature 0. The next window begins at the last time stamp of this one.
public final class Transcription {
    /// The log-mel spectrogram of a sound.
    public struct Sound: Sendable {
        /// [frames, bins]
        public let mel: [Float]
        /// Frames in which there is sound, before padding.
        public let frames: Int

        /// A sound of those members.
        public init(mel: [Float], frames: Int) {
            self.mel = mel
            self.frames = frames
        }
    }

    /// What is computed next.
    enum Phase {
        case encoding(WhisperEncoding)
        case cachingSound(WhisperMemory)
        /// `next` are the tokens that the sequence has not seen yet.
        case writing(WhisperSequence, next: [Int])
        case finished
    }

    /// A segment with its times in the whole sound, in seconds.
    struct Segment {
        let start: Double, end: Double
        let tokens: [Int]
        /// For each token when it was said, in seconds; empty where words are not timed.
        let times: [Double]
    }

    let sound: Sound
    let options: TranscriptionOptions
    let rules: WhisperTokenRules
    /// The prompt behind the begin; the language is filled in once it is known.
    var prompt: [Int?]
    var phase = Phase.finished
    /// The tokens of this window behind the prompt, and the sum of their log-probabilities.
    var written: [Int] = []
    var logProbability = 0.0
    /// How likely nobody speaks in this window.
    var noSpeech = 0.0
    /// The frame at which this window begins.
    private(set) var seek = 0
    /// The most tokens of a sequence, the prompt included.
    private(set) var limit: Int
    private(set) var segments: [Segment] = []
    /// The segments that the last step added.
    private(set) var newSegments: ArraySlice<Segment> = []

    private let configuration: WhisperConfiguration
    /// What the spectrogram has where nothing is heard: 80 dB below the loudest, or nothing at all.
    private let floor: Float

    init(
        _ sound: Sound, _ options: TranscriptionOptions, prompt: WhisperPrompt, rules: WhisperTokenRules,
        _ configuration: WhisperConfiguration
    ) {
        self.sound = sound
        self.options = options
        self.rules = rules
        self.prompt = prompt.tokens
        self.configuration = configuration
        limit = configuration.generation.maxLength
        floor = sound.mel.min() ?? 0
    }

    /// Whether all is written.
    public var isFinished: Bool { if case .finished = phase { true } else { false } }

    /// Frames of the whole sound, padding included.
    private var frames: Int { sound.mel.count / configuration.encoder.melBins }
    /// Frames of this window that the sound has.
    private var windowFrames: Int { min(configuration.windowFrames, frames - seek) }

    /// The spectrogram of this window; nil behind the last.
    var window: ArraySlice<Float>? {
        let bins = configuration.encoder.melBins
        return windowFrames > 0 ? sound.mel[seek * bins..<(seek + windowFrames) * bins] : nil
    }

    /// Goes on behind windows of sound in which nothing is heard: of those the model would invent words. Padding is left to the rules
    /// of transformers.
    func skipSilence() {
        let bins = configuration.encoder.melBins
        while windowFrames > 0, seek < sound.frames {
            let end = min(seek + windowFrames, sound.frames)
            guard sound.mel[seek * bins..<end * bins].allSatisfy({ $0 <= floor }) else { return }
            seek += windowFrames
        }
    }

    /// Prepares for the tokens of a window.
    func beginWindow() {
        written = []
        logProbability = 0
        noSpeech = 0
        // transformers adds the prompt's length to its limit in each window, up to the position table's.
        limit = min(limit + 1 + prompt.count, configuration.decoder.maxPositions)
    }

    /// What the last step added was told.
    func forgetNewSegments() { newSegments = [] }

    /// Reads the first logits of a window, those behind the begin alone, in which the model says whether anybody speaks, and in what
    /// language.
    func readBegin(_ logits: UnsafeMutableBufferPointer<Float>) {
        let generation = configuration.generation
        if let token = generation.special.noSpeech, let base = logits.baseAddress {
            noSpeech = exp(Double(logits[token] - logSumExp(base, count: logits.count)))
        }
        if let place = prompt.firstIndex(where: { $0 == nil }) {
            prompt[place] = generation.languages.values.max { (logits[$0], $1) < (logits[$1], $0) }
        }
    }

    /// Takes the next token; whether the window is done.
    func write(_ logits: UnsafeMutableBufferPointer<Float>) -> Bool {
        let choice = rules.choose(logits, after: written)
        written.append(choice.token)
        logProbability += choice.logProbability
        return choice.token == configuration.generation.special.end || 1 + prompt.count + written.count >= limit
    }

    /// Cuts the window's tokens into segments and goes to the next.
    func endWindow(_ alignment: [[Float]]) {
        let special = configuration.generation.special
        let mean = logProbability / Double(max(1, written.count))
        let count = written.count
        if written.last == special.end { written.removeLast() }
        let frames = windowFrames
        guard !(mean < Self.leastLogProbability && noSpeech > Self.mostNoSpeech) else {
            seek += frames
            return
        }
        let cut = WhisperSegments(
            written, firstTimestamp: special.firstTimestamp ?? configuration.decoder.vocabularySize + 1, frames: frames)
        let times =
            options.timestamps == .word
            ? WhisperAlignment.times(
                of: count, alignment, frames: sound.frames - seek, tokens: configuration.encoder.maxPositions,
                filter: configuration.medianFilterWidth) : []
        let begin = Double(seek) * Self.secondsOfFrame
        let first = segments.count
        for segment in cut.segments {
            segments.append(
                Segment(
                    start: begin + Double(segment.start) * Self.secondsOfStep,
                    end: begin + Double(segment.end) * Self.secondsOfStep, tokens: Array(written[segment.tokens]),
                    times: times.isEmpty ? [] : times[segment.tokens].map { begin + $0 }))
        }
        newSegments = segments[first...]
        seek += cut.advance
    }

    /// Nobody speaks in a window whose begin says so and whose text is unlikely, as transformers and OpenAI have it.
    private static let mostNoSpeech = 0.6, leastLogProbability = -1.0
    private static let secondsOfFrame = 0.01, secondsOfStep = 0.02
}

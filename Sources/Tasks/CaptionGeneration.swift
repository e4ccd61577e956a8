import Checkpoint
import Networks

/// One request's captions while they are generated. `Captioner.step` moves it on; between steps it is only read.
///
/// Not thread-safe: it belongs to the thread that steps.
public final class CaptionGeneration {
    /// Whether there is nothing left to generate: `candidates` is complete.
    public var isFinished: Bool { search.isFinished }
    /// What became final in the last step (at the first one the prompt, too), to be shown as it comes. Pieces that begin
    /// a word carry the blank before it, so that the texts of all steps joined are the caption. Empty unless the options
    /// are streamable.
    public private(set) var newText = ""
    /// Tokens generated so far in all of the request's hypotheses, the ends included.
    public var generatedTokens: Int { search.generatedTokens }

    /// What is described, for what is asked of the captions once they are there.
    let memory: CaptionMemory
    /// What is known of the picture beside that.
    let picture: DescribedPicture
    /// Whether the captions are to be explained; `attention` is what they are explained by, once they are complete.
    let explains: Bool
    var attention: [[[Float]]]?

    private let vocabulary: CaptionVocabulary
    private let prompt: [Int32]
    private let wanted: Int
    private let isStreamed: Bool
    private var streamedTokens = 0
    /// What the decoder has to continue, and what becomes of what it says.
    var search: SequenceSearch<CaptionMemory>
    /// The captions with how sure they are, the surest first; nil until that was judged.
    private var judged: [(Hypothesis, Confidence?)]?

    /// - Parameter begin: makes a sequence with room for so many tokens.
    init(
        _ options: GenerationOptions, prompt: [Int32], vocabulary: CaptionVocabulary, longestSequence: Int,
        memory: CaptionMemory, picture: DescribedPicture, begin: (_ capacity: Int) -> CaptionDecoder.Sequence
    ) {
        self.memory = memory
        self.picture = picture
        explains = options.explain
        // Begin and prompt are read too; the last generated token is not.
        let maxTokens = min(options.maxTokens ?? Self.usualTokens, longestSequence - prompt.count)
        let (first, end) = (Int32(vocabulary.beginToken), vocabulary.endToken)
        search = SequenceSearch(
            SearchPlan(options, Self.usual, maxTokens: maxTokens, endTokens: [end]),
            rules: TokenRules(
                rules: options.rules(Self.usual), endTokens: [end], prompt: [first] + prompt, maxTokens: maxTokens),
            begin(prompt.count + maxTokens), next: [first] + prompt)
        self.vocabulary = vocabulary
        self.prompt = prompt
        wanted = options.candidates
        isStreamed = options.isStreamable(Self.usual)
    }

    /// How captions are written where a request does not say: by three beams, of at most thirty tokens.
    static let usual: GenerationConfiguration = {
        var usual = GenerationConfiguration()
        usual.beams = 3
        usual.topK = 0
        return usual
    }()
    private static let usualTokens = 30

    /// The last step is done.
    func advanced() { if isStreamed { updateNewText() } }

    private func updateNewText() {
        newText = ""
        guard let hypothesis = hypotheses.first else { return }
        var tokens = vocabulary.agreeing(prompt + hypothesis.tokens, given: prompt.count)
        // An article is final with the word behind it.
        if !isFinished, tokens.count > prompt.count, tokens.last.map(vocabulary.isArticle) == true {
            tokens.removeLast()
        }
        for (index, token) in tokens.enumerated().dropFirst(streamedTokens) {
            newText += vocabulary.text(of: token, isFirst: index == 0)
        }
        streamedTokens = tokens.count
    }

    /// The captions, best first: by confidence where that was judged, else by mean log-probability of a token. As many as the
    /// options ask for where the search found that many. Complete once `isFinished`.
    public var candidates: [TextCandidate] {
        let ranked: [(Hypothesis, Confidence?)] = judged ?? hypotheses.map { ($0, nil) }
        return ranked.prefix(wanted).enumerated().map { place, caption in
            let (hypothesis, confidence) = caption
            let tokens = prompt + hypothesis.tokens
            let written = vocabulary.agreeing(tokens, given: prompt.count)
            return TextCandidate(
                text: vocabulary.text(of: written), logProbability: hypothesis.logProbability,
                tokens: written.map { vocabulary.pieces[Int($0)] }, ids: tokens.map(Int.init),
                attention: attention?[place], confidence: confidence)
        }
    }

    /// Everything that the search found, with its text, for whoever judges it; none while it is searching or where that was done.
    var unjudged: [(hypothesis: Hypothesis, text: String)] {
        guard isFinished, judged == nil else { return [] }
        return found.map {
            ($0, vocabulary.text(of: vocabulary.agreeing(prompt + $0.tokens, given: prompt.count)))
        }
    }

    private var found: [Hypothesis] { search.search.found }

    /// Takes how sure each of `unjudged` is. Of two that are equally sure the likelier stays first.
    func judge(_ confidences: [Confidence]) {
        judged = zip(found, confidences).sorted { $0.1.value > $1.1.value }.map { ($0, $1) }
    }

    private var hypotheses: [Hypothesis] { search.search.hypotheses }
}

/// What is known of a picture that is described.
struct DescribedPicture: Sendable {
    /// The things that are seen in it, the likeliest first.
    var things: [SeenThing] = []
    /// Its vector in the joint space; empty where captions are not compared with it.
    var vector: [Float] = []
}

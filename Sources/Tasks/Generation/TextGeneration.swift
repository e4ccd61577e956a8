import Checkpoint
import Networks
import Tensor
import Tokenizer

/// The text of one request while a published model writes it: as transformers' `generate` does, read by the model's tokenizer.
/// `TokenDecoder.write` moves it on; between steps it is only read.
///
/// Not thread-safe: it belongs to the thread that steps.
public final class TextGeneration<Memory> {
    /// What is to be generated.
    struct Request {
        let options: GenerationOptions
        /// How the model usually writes.
        let usual: GenerationConfiguration
        /// All tokens that stand before the text, those that the decoder has read already included.
        var prompt: [Int32]
        /// Those of them that the text begins with.
        var shown: [Int32] = []
        /// The most tokens of the decoder, the prompt included.
        let longest: Int
        /// Tokens behind the prompt where neither the request nor the checkpoint says.
        var usualTokens = 20
    }

    /// What became final in the last step, to be shown as it comes: the texts of all steps joined are the text. Empty unless the
    /// options are streamable.
    public private(set) var newText = ""
    /// Tokens that stand before the text.
    public let promptTokens: Int

    var search: SequenceSearch<Memory>
    private let tokenizer: Tokenizer
    private let shown: [Int32]
    private let wanted: Int
    private let isStreamed: Bool
    private let maxTokens: Int
    private var streamed = ""
    private var last = ""

    /// - Parameters:
    ///   - sequence: has read the prompt but for `next`, with room for ``capacity(_:)`` tokens.
    ///   - next: at least one token, the last of the prompt.
    init(_ request: Request, _ sequence: DecoderSequence<Memory>, next: [Int32], tokenizer: Tokenizer) {
        let (options, usual) = (request.options, request.usual)
        maxTokens = Self.maxTokens(request)
        search = SequenceSearch(
            SearchPlan(options, usual, maxTokens: maxTokens, endTokens: usual.endTokens),
            rules: TokenRules(
                rules: options.rules(usual), endTokens: usual.endTokens, prompt: request.prompt, maxTokens: maxTokens),
            sequence, next: next)
        self.tokenizer = tokenizer
        shown = request.shown
        wanted = options.candidates
        isStreamed = options.isStreamable(usual)
        promptTokens = request.prompt.count
    }

    /// The tokens that a decoder has to have room for: the last one is not read.
    static func capacity(_ request: Request) -> Int { request.prompt.count + maxTokens(request) - 1 }

    /// What the request asks for, or else what the checkpoint says, as far as there is room.
    private static func maxTokens(_ request: Request) -> Int {
        let usual = request.usual
        let room = max(1, request.longest - request.prompt.count)
        let told = usual.maxNewTokens ?? usual.maxLength.map { max(1, $0 - request.prompt.count) }
        return min(request.options.maxTokens ?? told ?? request.usualTokens, room)
    }

    /// Whether there is nothing left to generate: ``candidates`` is complete.
    public var isFinished: Bool { search.isFinished }

    /// Reads what the last step wrote.
    fileprivate func advanced() {
        guard isStreamed else { return }
        let text = search.search.hypotheses.first.map { self.text(of: $0) } ?? ""
        defer { last = text }
        // The last token may still change, with the next one, how the text before it is read: the end of a character, a
        // blank before a full stop. What two steps agree on stays.
        let settled = isFinished ? text : String(zip(text, last).prefix { $0 == $1 }.map(\.0))
        guard settled.hasPrefix(streamed), isFinished || !settled.hasSuffix("\u{FFFD}") else { return newText = "" }
        newText = String(settled.dropFirst(streamed.count))
        streamed = settled
    }

    /// The texts, best first: as many as the options ask for where the search found that many. Complete once ``isFinished``.
    public var candidates: [TextCandidate] {
        search.search.hypotheses.prefix(wanted).map { hypothesis in
            let ids = (shown + hypothesis.tokens).map(Int.init)
            return TextCandidate(
                text: text(of: hypothesis), logProbability: hypothesis.logProbability,
                tokens: ids.compactMap(tokenizer.piece(of:)), ids: ids,
                isEnded: hypothesis.length > hypothesis.tokens.count)
        }
    }

    private func text(of hypothesis: Hypothesis) -> String {
        tokenizer.decode((shown + hypothesis.tokens).map(Int.init)).trimmed
    }
}

extension TokenDecoder {
    /// Takes all given texts that are not finished one step on, together.
    func write(_ texts: [TextGeneration<Memory>], workspace: Workspace, pool: ComputePool) {
        let texts = texts.filter { !$0.isFinished }
        var searches = texts.map(\.search)
        advance(&searches, workspace: workspace, pool: pool)
        for (text, search) in zip(texts, searches) {
            text.search = search
            text.advanced()
        }
    }
}

import Checkpoint
import Tensor

/// Which token may follow, and which is taken: the rules that transformers' `generate` applies to the logits of Whisper at temperature
/// 0 (`SuppressTokensAtBegin`, `SuppressTokens`, `WhisperTimeStampLogitsProcessor`).
struct WhisperTokenRules: Sendable {
    let generation: WhisperGeneration
    let writesTimestamps: Bool

    /// A token that was taken.
    struct Choice: Equatable {
        let token: Int
        /// Among the tokens that were allowed.
        let logProbability: Double
    }

    /// The likeliest token of those that may follow `written`, tokens behind the prompt. Forbidden ones become −infinity.
    func choose(_ logits: UnsafeMutableBufferPointer<Float>, after written: [Int]) -> Choice {
        if written.isEmpty { forbid(generation.suppressedFirst, logits) }
        forbid(generation.suppressed, logits)
        if writesTimestamps, let first = generation.special.firstTimestamp { keepTime(logits, first, after: written) }
        let best = Self.largest(logits, 0..<logits.count)
        guard let base = logits.baseAddress, best.value > -.infinity else {
            return Choice(token: generation.special.end, logProbability: -.infinity)
        }
        return Choice(
            token: best.index, logProbability: Double(best.value - logSumExp(base, count: logits.count)))
    }

    private func forbid(_ tokens: [Int], _ logits: UnsafeMutableBufferPointer<Float>) {
        for token in tokens { logits[token] = -.infinity }
    }

    /// Time stamps come in pairs, except before the end, and never go back.
    private func keepTime(_ logits: UnsafeMutableBufferPointer<Float>, _ first: Int, after written: [Int]) {
        let end = generation.special.end
        logits[first - 1] = -.infinity
        let wasTime = written.last.map { $0 >= first } ?? false
        let wasTimeBefore = written.count < 2 || written[written.count - 2] >= first
        if wasTime {
            if wasTimeBefore { forbid(first..<logits.count, logits) } else { forbid(0..<end, logits) }
        }
        if let last = written.last(where: { $0 >= first }) {
            // The second of a pair may be the same; later ones may not.
            forbid(first..<(wasTime && !wasTimeBefore ? last : last + 1), logits)
        }
        if written.isEmpty {
            forbid(0..<first, logits)
            if let most = generation.maxInitialTimestamp { forbid(first + most + 1..<logits.count, logits) }
        }
        // Where time stamps together are likelier than any other token, one of them is taken.
        guard let base = logits.baseAddress, first < logits.count else { return }
        let times = Self.largest(logits, first..<logits.count).value
        guard times > -.infinity else { return }
        if logSumExp(base + first, count: logits.count - first) > Self.largest(logits, 0..<first).value {
            forbid(0..<first, logits)
        }
    }

    private func forbid(_ range: Range<Int>, _ logits: UnsafeMutableBufferPointer<Float>) {
        for token in range.clamped(to: 0..<logits.count) { logits[token] = -.infinity }
    }

    /// The first of the largest values.
    static func largest(
        _ logits: UnsafeMutableBufferPointer<Float>, _ range: Range<Int>
    ) -> (index: Int, value: Float) {
        var best = (index: range.lowerBound, value: -Float.infinity)
        for index in range where logits[index] > best.value { best = (index, logits[index]) }
        return best
    }
}

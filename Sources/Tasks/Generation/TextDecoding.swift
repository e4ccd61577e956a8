import Networks
import Tensor

/// A network that continues sequences of tokens.
protocol TokenDecoder<Memory>: Sendable {
    /// What texts are about.
    associatedtype Memory
    /// Tokens of the vocabulary: the width of a row of logits.
    var vocabularySize: Int { get }
    /// Continues all sequences by their tokens. Returns the logits of what follows the last token of each [inputs, vocabulary]:
    /// memory of the workspace, valid until its next use. What a sequence gets does not depend on the others.
    func step(
        _ inputs: [DecoderInput<DecoderSequence<Memory>>], workspace: Workspace, pool: ComputePool
    ) -> UnsafeMutablePointer<Float>
}

extension TokenDecoder {
    /// Generates the next token of every sequence of every search that is not finished: one pass of the network for all.
    /// - Parameter forbidden: a token that is never generated, such as the begin.
    func advance(
        _ searches: inout [SequenceSearch<Memory>], never forbidden: Int? = nil, workspace: Workspace,
        pool: ComputePool
    ) {
        let inputs = searches.map(\.inputs)
        let all = inputs.flatMap(\.self)
        guard !all.isEmpty else { return }
        let logits = step(all, workspace: workspace, pool: pool)
        let scores = scores(logits, searches.flatMap(\.readers), never: forbidden, pool: pool)
        var row = 0
        for (index, inputs) in inputs.enumerated() where !inputs.isEmpty {
            searches[index].advance(Array(scores[row..<row + inputs.count]))
            row += inputs.count
        }
    }

    /// Reads each row of logits.
    private func scores(
        _ logits: UnsafeMutablePointer<Float>,
        _ readers: [@Sendable (UnsafeMutableBufferPointer<Float>, ComputePool) -> TokenScores], never forbidden: Int?,
        pool: ComputePool
    ) -> [TokenScores] {
        let size = vocabularySize
        return [TokenScores](unsafeUninitializedCapacity: readers.count) { scores, initialized in
            // Each thread reads and writes rows of its own, and initializes their scores.
            nonisolated(unsafe) let (logits, scores) = (logits, scores)
            pool.parallelFor(readers.count, grain: 2) { rows in
                for row in rows {
                    let values = UnsafeMutableBufferPointer(start: logits + row * size, count: size)
                    if let forbidden { values[forbidden] = -.infinity }
                    scores.initializeElement(at: row, to: readers[row](values, pool))
                }
            }
            initialized = readers.count
        }
    }
}

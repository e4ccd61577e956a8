import Tensor

/// What a decoder continues token by token.
public protocol CachedSequence {
    /// The keys and values of its tokens so far.
    var cache: KeyValueCache { get }
}

/// A text in the making about something that was encoded: what cross-attention attends to, and the cache of self-attention.
public struct DecoderSequence<Memory>: CachedSequence {
    /// What it is about.
    public let memory: Memory
    /// The keys and values of its tokens so far.
    public let cache: KeyValueCache

    init(memory: Memory, cache: KeyValueCache) {
        self.memory = memory
        self.cache = cache
    }

    /// The tokens that the decoder has seen.
    public var tokens: [Int32] { cache.tokens }
    /// Their number.
    public var length: Int { cache.length }

    /// The sequences that continue `sequences[parents[0]]`, `sequences[parents[1]]`… The cache of a parent goes to its first child;
    /// further ones get a copy. The old sequences are not to be used again.
    public static func continuing(_ sequences: [Self], parents: [Int]) -> [Self] {
        zip(parents, KeyValueCache.continuing(sequences.map(\.cache), parents: parents)).map { parent, cache in
            Self(memory: sequences[parent].memory, cache: cache)
        }
    }
}

/// Tokens that a sequence has not seen yet: one in generation, several for a prompt.
public struct DecoderInput<Sequence: CachedSequence> {
    /// The sequence that is continued.
    public let sequence: Sequence
    /// At least one token of the vocabulary.
    public let tokens: [Int32]

    /// `tokens` after what `sequence` has seen.
    public init(_ sequence: Sequence, _ tokens: [Int32]) {
        self.sequence = sequence
        self.tokens = tokens
    }
}

extension DecoderInput {
    /// The new tokens of all inputs: rows of the decoder's activations, one sequence below the other.
    static func rows(_ inputs: [Self]) -> Int { inputs.reduce(0) { $0 + $1.tokens.count } }

    /// Ends a step: all tokens count as seen. Writes the rows of the last token of each input [inputs, width] of x [rows, width].
    static func finish(
        _ inputs: [Self], _ x: UnsafePointer<Float>, width: Int, lastRows last: UnsafeMutablePointer<Float>
    ) {
        var row = 0
        for (index, input) in inputs.enumerated() {
            row += input.tokens.count
            (last + index * width).update(from: x + (row - 1) * width, count: width)
            input.sequence.cache.add(input.tokens)
        }
    }
}

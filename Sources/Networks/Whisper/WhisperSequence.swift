import Tensor

/// What the decoder keeps of a window of sound, computed once, layer by layer.
public final class WhisperMemory {
    /// Tokens of the window.
    let attended: CrossAttentionMemory
    /// Layers whose keys and values are there.
    var ready = 0
    /// The encoder's last state, until all are.
    var sound: FloatBuffer?

    init(_ sound: FloatBuffer, tokens: Int, layers: Int, width: Int) {
        self.sound = sound
        attended = CrossAttentionMemory(tokens: tokens, layers: layers, width: width)
    }
}

/// One transcript of a window in the making.
public final class WhisperSequence: CachedSequence {
    /// The window that is written down.
    public let memory: WhisperMemory
    /// The keys and values of its tokens so far.
    public let cache: KeyValueCache
    /// Tokens that the decoder has seen.
    public var length: Int { cache.length }
    /// Whether the cross-attention weights of each further token are kept.
    public var aligns = false
    /// Those of the tokens seen while `aligns` was set: for each alignment head, in the order of layers and, within one, of the
    /// configuration, the weights [tokens, tokens of the window].
    public private(set) var alignment: [[Float]]

    /// The alignment head whose weights come next.
    private var nextHead = 0

    init(memory: WhisperMemory, capacity: Int, layers: Int, width: Int, alignmentHeads: Int) {
        self.memory = memory
        alignment = Array(repeating: [], count: alignmentHeads)
        cache = KeyValueCache(layers: layers, capacity: capacity, keyWidth: width)
    }

    /// Keeps the weights of one layer's alignment heads; `weights` has those of all its heads [heads, rows, tokens of the window].
    func keep(_ weights: UnsafePointer<Float>, rows: Int, heads: [Int]) {
        for head in heads {
            let count = rows * memory.attended.tokens
            alignment[nextHead] += UnsafeBufferPointer(start: weights + head * count, count: count)
            nextHead = (nextHead + 1) % alignment.count
        }
    }
}

import Tensor

/// What the decoder keeps of a window of sound: the keys and values of its tokens in every layer's cross-attention, computed once,
/// layer by layer.
public final class WhisperMemory {
    /// Tokens of the window.
    let tokens: Int
    /// Layers whose keys and values are there.
    var ready = 0
    /// The encoder's last state, until all are.
    var sound: FloatBuffer?
    private let width: Int
    /// [layers, tokens, k|v]
    private let keysValues: FloatBuffer

    init(_ sound: FloatBuffer, tokens: Int, layers: Int, width: Int) {
        self.sound = sound
        self.tokens = tokens
        self.width = width
        keysValues = FloatBuffer(count: layers * tokens * 2 * width)
    }

    /// Keys of `layer` [tokens, 2 · width]; the values stand `width` floats to the right.
    func keysValues(ofLayer layer: Int) -> UnsafeMutablePointer<Float> {
        keysValues.pointer + layer * tokens * 2 * width
    }
}

/// One transcript of a window in the making: the keys and values of its tokens so far in every layer's self-attention.
public final class WhisperSequence {
    /// The window that is written down.
    public let memory: WhisperMemory
    /// The most tokens that it can hold.
    public let capacity: Int
    /// The tokens that the decoder has seen.
    public internal(set) var length = 0
    /// Whether what each further token looks at is kept.
    public var aligns = false
    /// What the tokens seen while `aligns` was set looked at: for each alignment head, in the order of layers and, within one, of
    /// the configuration, the weights [tokens, tokens of the window].
    public private(set) var alignment: [[Float]]

    private let width: Int
    /// [layers, capacity, k|v]
    private let keysValues: FloatBuffer
    /// The alignment head whose weights come next.
    private var nextHead = 0

    init(memory: WhisperMemory, capacity: Int, layers: Int, width: Int, alignmentHeads: Int) {
        self.memory = memory
        self.capacity = capacity
        self.width = width
        alignment = Array(repeating: [], count: alignmentHeads)
        keysValues = FloatBuffer(count: layers * capacity * 2 * width)
    }

    /// Keys of `layer` [capacity, 2 · width]; the values stand `width` floats to the right.
    func keysValues(ofLayer layer: Int) -> UnsafeMutablePointer<Float> {
        keysValues.pointer + layer * capacity * 2 * width
    }

    /// Keeps the weights of one layer's alignment heads; `weights` has those of all its heads [heads, rows, tokens of the window].
    func keep(_ weights: UnsafePointer<Float>, rows: Int, heads: [Int]) {
        for head in heads {
            let count = rows * memory.tokens
            alignment[nextHead] += UnsafeBufferPointer(start: weights + head * count, count: count)
            nextHead = (nextHead + 1) % alignment.count
        }
    }
}

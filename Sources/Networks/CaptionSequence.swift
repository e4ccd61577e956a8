import Tensor

/// What the decoder keeps of one image: the keys and values of its memory in every layer's cross-attention, computed once
/// and shared by all sequences that describe the image.
public final class CaptionMemory {
    /// Tokens of the image, then pieces of names of things.
    let tokens: Int
    /// [tokens, layers, k|v]
    let keysValues: FloatBuffer
    /// The names' pieces that may be copied, and their keys [pieces, d]; nil without any.
    let copies: (pieces: [ThingPiece], keys: FloatBuffer)?

    init(tokens: Int, keysValues: FloatBuffer, copies: (pieces: [ThingPiece], keys: FloatBuffer)?) {
        self.tokens = tokens
        self.keysValues = keysValues
        self.copies = copies
    }
}

/// One caption in the making: the keys and values of its tokens so far in every layer's self-attention.
public final class CaptionSequence {
    /// The image that is described.
    public let memory: CaptionMemory
    /// The most tokens that it can hold.
    public let capacity: Int
    /// The tokens that the decoder has seen, the begin of the sequence included.
    public internal(set) var tokens: [Int32] = []
    /// Their number.
    public var length: Int { tokens.count }

    private let layers: Int
    private let width: Int
    /// [layers, capacity, k|v]
    private let keysValues: FloatBuffer

    init(memory: CaptionMemory, capacity: Int, layers: Int, width: Int) {
        self.memory = memory
        self.capacity = capacity
        self.layers = layers
        self.width = width
        keysValues = FloatBuffer(count: layers * capacity * 2 * width)
    }

    /// Keys of `layer` [capacity, 2 · width]; the values stand `width` floats to the right.
    func keysValues(ofLayer layer: Int) -> UnsafeMutablePointer<Float> {
        keysValues.pointer + layer * capacity * 2 * width
    }

    /// Makes this sequence say what `other` says.
    private func copy(_ other: CaptionSequence) {
        precondition(capacity == other.capacity && memory === other.memory, "sequences of different requests")
        tokens = other.tokens
        for layer in 0..<layers {
            keysValues(ofLayer: layer).update(from: other.keysValues(ofLayer: layer), count: length * 2 * width)
        }
    }

    /// The sequences that continue `sequences[parents[0]]`, `sequences[parents[1]]`…: a parent is handed on to its first
    /// child as it is; only further children need a copy, for which those without children give their memory.
    public static func continuing(_ sequences: [CaptionSequence], parents: [Int]) -> [CaptionSequence] {
        var free = sequences.indices.filter { !parents.contains($0) }.map { sequences[$0] }
        var handedOn = Set<Int>()
        return parents.map { parent in
            let source = sequences[parent]
            if handedOn.insert(parent).inserted { return source }
            let copy =
                free.popLast()
                ?? CaptionSequence(
                    memory: source.memory, capacity: source.capacity, layers: source.layers, width: source.width)
            copy.copy(source)
            return copy
        }
    }
}

import Tensor

/// The keys and values of a sequence's tokens so far, in the self-attention of every layer.
///
/// Not thread-safe: it belongs to the thread that steps.
public final class KeyValueCache {
    /// The most tokens that it can hold.
    public let capacity: Int
    /// The tokens that it holds in every layer.
    public private(set) var tokens: [Int32] = []
    /// Their number.
    public var length: Int { tokens.count }

    private let layers: Int
    /// Floats of a token's keys and values together.
    private let width: Int
    /// [layers, capacity, k|v]
    private let keysValues: FloatBuffer

    /// An empty cache.
    /// - Parameters:
    ///   - keyWidth: floats of a token's keys in a layer, and of its values.
    init(layers: Int, capacity: Int, keyWidth: Int) {
        self.layers = layers
        self.capacity = capacity
        width = 2 * keyWidth
        keysValues = FloatBuffer(count: layers * capacity * width)
    }

    /// Keys of `layer` [capacity, k|v]; the values stand to the right of them.
    private func keysValues(ofLayer layer: Int) -> UnsafeMutablePointer<Float> {
        keysValues.pointer + layer * capacity * width
    }

    /// Writes what new tokens bring to one layer behind those that are there, `rows` rows of keys and values `stride` floats
    /// apart. Returns the keys of all [length + rows, k|v]. They count as there once every layer has them: see ``add(_:)``.
    func append(
        _ rows: UnsafePointer<Float>, stride: Int, rows count: Int, layer: Int
    ) -> UnsafeMutablePointer<Float> {
        precondition(length + count <= capacity, "a sequence is full")
        let keys = keysValues(ofLayer: layer)
        for row in 0..<count { (keys + (length + row) * width).update(from: rows + row * stride, count: width) }
        return keys
    }

    /// Counts tokens whose keys and values every layer now has.
    func add(_ new: [Int32]) { tokens += new }

    /// Makes this the cache of what `other` holds.
    private func copy(_ other: KeyValueCache) {
        precondition(
            (capacity, layers, width) == (other.capacity, other.layers, other.width), "caches of different requests")
        tokens = other.tokens
        for layer in 0..<layers {
            keysValues(ofLayer: layer).update(from: other.keysValues(ofLayer: layer), count: length * width)
        }
    }

    /// The caches of sequences that continue those of `caches[parents[0]]`, `caches[parents[1]]`…: a parent is handed on to its
    /// first child as it is; only further children need a copy, for which those without children give their memory.
    static func continuing(_ caches: [KeyValueCache], parents: [Int]) -> [KeyValueCache] {
        var free = caches.indices.filter { !parents.contains($0) }.map { caches[$0] }
        var handedOn = Set<Int>()
        return parents.map { parent in
            let source = caches[parent]
            if handedOn.insert(parent).inserted { return source }
            let copy =
                free.popLast()
                ?? KeyValueCache(layers: source.layers, capacity: source.capacity, keyWidth: source.width / 2)
            copy.copy(source)
            return copy
        }
    }
}

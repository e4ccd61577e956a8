/// The members of a JSON object in the order of the text, with lookup by key in constant time.
///
/// Keys are compared as the bytes of their UTF-8, not by Swift's canonical equivalence: "é" as one scalar and as "e"
/// with a combining accent are two keys, as RFC 8259 section 8.3 has it. A vocabulary of word pieces depends on that.
public struct JSONObject: Sendable {
    /// The keys, in the order of the text.
    public private(set) var keys: [String] = []
    /// The values, `values[i]` belonging to `keys[i]`.
    public private(set) var values: [JSONValue] = []
    /// Open addressing over `keys`, each slot a position or -1. Empty while a linear search is faster.
    private var slots: [Int32] = []

    private static let linearLimit = 12

    /// An object without members.
    public init() {}

    /// The number of members.
    public var count: Int { keys.count }

    /// The value of `key`, or nil where the object has no such key.
    public subscript(key: String) -> JSONValue? {
        position(of: key).map { values[$0] }
    }

    /// Adds a member at the end. Answers false, and leaves the object as it was, where the key is already there.
    public mutating func append(_ key: String, _ value: JSONValue) -> Bool {
        if slots.isEmpty {
            if position(of: key) != nil { return false }
            if keys.count == Self.linearLimit { rehash(slotCount: 64) }
        } else if 2 * (keys.count + 1) > slots.count {
            rehash(slotCount: 4 * slots.count)
        }
        if !slots.isEmpty {
            let slot = Self.slot(of: key, in: slots, keys: keys)
            if slots[slot] >= 0 { return false }
            slots[slot] = Int32(keys.count)
        }
        keys.append(key)
        values.append(value)
        return true
    }

    private func position(of key: String) -> Int? {
        if slots.isEmpty {
            return keys.firstIndex { Self.sameBytes($0, key) }
        }
        let position = slots[Self.slot(of: key, in: slots, keys: keys)]
        return position < 0 ? nil : Int(position)
    }

    private mutating func rehash(slotCount: Int) {
        var slots = [Int32](repeating: -1, count: slotCount)
        for position in keys.indices {
            slots[Self.slot(of: keys[position], in: slots, keys: keys)] = Int32(position)
        }
        self.slots = slots
    }

    /// The slot that holds `key`, or the free one where it belongs. `Hasher` is seeded for each process, so that no
    /// text can be made whose keys all collide.
    private static func slot(of key: String, in slots: [Int32], keys: [String]) -> Int {
        var hasher = Hasher()
        var key = key
        key.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        let mask = slots.count - 1
        var slot = hasher.finalize() & mask
        while slots[slot] >= 0, !sameBytes(keys[Int(slots[slot])], key) {
            slot = (slot + 1) & mask
        }
        return slot
    }

    private static func sameBytes(_ a: String, _ b: String) -> Bool {
        a.utf8.count == b.utf8.count && a.utf8.elementsEqual(b.utf8)
    }
}

extension JSONObject: Equatable {
    /// Same members in the same order.
    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.count == b.count && zip(a.keys, b.keys).allSatisfy(sameBytes) && a.values == b.values
    }
}

extension JSONObject: Sequence {
    /// The members in the order of the text.
    public func makeIterator() -> Zip2Sequence<[String], [JSONValue]>.Iterator {
        zip(keys, values).makeIterator()
    }
}

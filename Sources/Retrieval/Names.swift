/// What a collection may be called.
public enum CollectionName {
    /// The longest name.
    public static let maxBytes = 64

    /// Whether the name matches `[A-Za-z0-9._-]{1,64}` and is no step of a path.
    public static func isValid(_ name: String) -> Bool {
        (1...maxBytes).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: ".-_".utf8.contains(byte)
                }
            }
    }
}

/// The id of an item: 1 to 256 bytes of UTF-8 without `/` and control characters.
///
/// Ids are compared and ordered as their bytes, as SQLite does it, and not by Swift's canonical equivalence: "é" as one
/// scalar and as "e" with a combining accent are two ids.
public struct ItemID: Sendable, Hashable, Comparable {
    /// The longest id.
    public static let maxBytes = 256

    /// The id.
    public let text: String

    /// The id, or nil where no item may have it.
    public init?(_ text: String) {
        guard (1...Self.maxBytes).contains(text.utf8.count), text != ".", text != "..",
            text.unicodeScalars.allSatisfy({ $0 != "/" && $0.properties.generalCategory != .control })
        else { return nil }
        self.text = text
    }

    /// An id that was checked when it was stored.
    init(stored text: String) { self.text = text }

    /// Same bytes.
    public static func == (a: ItemID, b: ItemID) -> Bool {
        a.text.utf8.count == b.text.utf8.count && a.text.utf8.elementsEqual(b.text.utf8)
    }

    /// In the order of the bytes.
    public static func < (a: ItemID, b: ItemID) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

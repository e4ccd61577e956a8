import JSON

/// What the metadata of a hit must have: each member of the filter, with an equal value, at the top of the item's metadata.
///
/// Numbers are equal by value (1 and 1.0), objects whatever the order of their members, arrays element by element.
public struct MetadataFilter: Sendable, Equatable {
    private let members: JSONObject
    /// Members as numbers, to compare without reading the metadata.
    let fingerprints: [UInt64]

    /// A filter with the members of `object`; one without members admits every item.
    public init(_ object: JSONObject) {
        members = object
        fingerprints = Self.fingerprints(of: object)
    }

    /// Whether the item has every member.
    public func admits(_ metadata: JSONObject) -> Bool {
        // Bytes are compared: Swift takes "é" as one scalar and as "e" with an accent for equal.
        members.allSatisfy { key, value in
            metadata[key].map { Self.text($0).utf8.elementsEqual(Self.text(value).utf8) } ?? false
        }
    }

    /// A number for each member of the metadata: equal for equal members, and else different but for one time in 2⁶⁴. They
    /// change with each start of the program.
    static func fingerprints(of metadata: JSONObject) -> [UInt64] {
        metadata.map { key, value in
            var hasher = Hasher()
            var (key, text) = (key, text(value))
            key.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
            hasher.combine(0)
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
            return UInt64(bitPattern: Int64(hasher.finalize()))
        }
    }

    /// Whether all of `wanted` are in `present`.
    static func covers(_ present: [UInt64], _ wanted: [UInt64]) -> Bool {
        wanted.allSatisfy(present.contains)
    }

    /// The same text for equal values.
    private static func text(_ value: JSONValue) -> String {
        var json = JSONWriter(capacity: 32)
        json.exact(comparable(value))
        return json.text
    }

    private static func comparable(_ value: JSONValue) -> JSONValue {
        switch value {
        case .integer(let number): return comparable(number.description, value)
        case .number(let number): return comparable(number.description, value)
        case .decimal(let number): return comparable(number.text, value)
        case .array(let values): return .array(values.map(comparable))
        case .object(let members):
            var sorted = JSONObject()
            for (key, value) in members.sorted(by: { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }) {
                _ = sorted.append(key, comparable(value))
            }
            return .object(sorted)
        default: break
        }
        return value
    }

    /// The number that is written like this, in the one way of writing it that all equal numbers share.
    private static func comparable(_ number: String, _ value: JSONValue) -> JSONValue {
        JSONDecimal(number).flatMap { JSONDecimal($0.canonical) }.map { .decimal($0) } ?? value
    }
}

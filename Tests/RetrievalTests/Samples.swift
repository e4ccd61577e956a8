import JSON
import Retrieval
import Testing

/// Reproducible values (splitmix64).
struct Samples {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func number(below bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func vector(_ dimension: Int) -> [Float] {
        (0..<dimension).map { _ in Float(next() >> 40) / Float(1 << 23) - 1 }
    }
}

let client = VectorSource.client(serving: nil)

func item(
    _ id: String, _ vector: [Float], kind: ItemKind = .embedding, _ metadata: KeyValuePairs<String, JSONValue> = [:]
) throws -> Item {
    try Item(id: #require(ItemID(id)), kind: kind, vector: vector, metadata: object(metadata))
}

func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONObject {
    var object = JSONObject()
    for (key, value) in members { _ = object.append(key, value) }
    return object
}

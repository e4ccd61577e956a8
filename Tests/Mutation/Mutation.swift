import Glibc

/// Seeded changes to a text: the same seed gives the same changes.
public struct Mutation {
    private var state: UInt64

    /// Changes that depend on `seed` alone.
    public init(seed: UInt64) {
        state = seed
    }

    /// How often a fuzz test turns; SENSORIUM_FUZZ_ITERATIONS overrides the default, which takes about two seconds.
    public static func iterations(default count: Int) -> Int {
        getenv("SENSORIUM_FUZZ_ITERATIONS").flatMap { Int(String(cString: $0)) } ?? count
    }

    /// A number from zero to `bound`, exclusive (splitmix64).
    public mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ mixed >> 31) % UInt64(bound))
    }

    /// `text` with one to four changes: a bit turned, a byte gone, the end cut off, a part repeated, a token put in.
    public mutating func spoiled(_ text: String, tokens: [String]) -> [UInt8] {
        spoiled(Array(text.utf8), tokens: tokens)
    }

    /// See ``spoiled(_:tokens:)-(String,_)``.
    public mutating func spoiled(_ bytes: [UInt8], tokens: [String]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...below(4) {
            let place = below(bytes.count + 1)
            switch below(6) {
            case 0 where place < bytes.count: bytes[place] ^= UInt8(1 << below(8))
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2: bytes.removeSubrange(place...)
            case 3:
                let end = min(bytes.count, place + below(16))
                bytes.insert(contentsOf: bytes[place..<end], at: below(bytes.count + 1))
            default: bytes.insert(contentsOf: tokens[below(tokens.count)].utf8, at: place)
            }
        }
        return bytes
    }
}

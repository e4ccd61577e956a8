/// The names and values of a query string in order (`application/x-www-form-urlencoded`, WHATWG URL section 5.1),
/// read strictly: a broken escape or bytes that are not UTF-8 are refused.
struct QueryString: Sendable {
    /// One pair; a name without `=` has an empty value.
    struct Pair: Sendable, Equatable {
        let name: String
        let value: String
    }

    let pairs: [Pair]

    init(_ text: String?) throws(Problem) {
        var pairs: [Pair] = []
        for piece in (text ?? "").split(separator: "&") {
            let halves = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decode(halves[0])
            pairs.append(Pair(name: name, value: halves.count > 1 ? try Self.decode(halves[1]) : ""))
        }
        self.pairs = pairs
    }

    private static func decode(_ text: Substring) throws(Problem) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                    throw Problem(
                        .malformedQuery,
                        "The query string has a \"%\" that two hexadecimal digits do not follow. Write a plain \"%\" as %25."
                    )
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw Problem(.malformedQuery, "The query string's escapes do not form UTF-8.")
        }
        return decoded
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

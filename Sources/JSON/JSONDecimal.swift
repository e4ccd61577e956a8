/// A decimal number exactly as it is written: digits and an exponent of ten, however many and however large.
///
/// JSON has no widest number (RFC 8259 section 6). What a `Double` tells otherwise than the text does is kept as this, so that
/// a whole number of twenty digits, which many programs use as a key, does not become another one.
public struct JSONDecimal: Sendable, Equatable {
    /// The number as it was written.
    public let text: String
    private let isNegative: Bool
    /// Without zeros at either end; none of zero.
    private let digits: [UInt8]
    /// The number is 0.digits times ten to this; 0 of zero.
    private let exponent: Int

    /// Reads a number such as `-12.50e3`; nil where the text is none. Zeros may stand before other digits, and digits be missing
    /// on one side of the point, which JSON itself forbids and forms do not.
    public init?(_ text: String) {
        var rest = text.utf8[...]
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        let whole = Self.takeDigits(&rest)
        var fraction = rest.prefix(0)
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = Self.takeDigits(&rest)
        }
        guard !whole.isEmpty || !fraction.isEmpty, let power = Self.takeExponent(&rest), rest.isEmpty else {
            return nil
        }
        let zero = UInt8(ascii: "0")
        let significant = (Array(whole) + fraction).drop { $0 == zero }
        digits = Array(significant[..<(significant.lastIndex { $0 != zero }.map { $0 + 1 } ?? significant.startIndex)])
        // `power` is below 2⁶² and counts of bytes in memory are as well, so that nothing overflows.
        exponent = digits.isEmpty ? 0 : power + significant.count - fraction.count
        self.text = text
    }

    private static func takeDigits(_ rest: inout Substring.UTF8View) -> Substring.UTF8View {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        rest = rest[digits.endIndex...]
        return digits
    }

    /// The exponent, at most 2⁶² in magnitude, beyond which no number of the world differs; 0 where none stands there.
    private static func takeExponent(_ rest: inout Substring.UTF8View) -> Int? {
        guard let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") else { return 0 }
        rest = rest.dropFirst()
        let sign = rest.first
        if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let digits = takeDigits(&rest)
        guard !digits.isEmpty else { return nil }
        let magnitude = min(Int(String(Substring(digits))) ?? .max, 1 << 62)
        return sign == UInt8(ascii: "-") ? -magnitude : magnitude
    }

    /// The same text for equal numbers: `1`, `1.0` and `10e-1` are all `1e0`, and `-0` is `0`.
    public var canonical: String {
        guard !digits.isEmpty else { return "0" }
        return (isNegative ? "-" : "") + String(decoding: digits, as: UTF8.self) + "e\(exponent - digits.count)"
    }

    /// The number as a whole one; nil where it has a fraction or does not fit.
    public var integer: Int? {
        guard !digits.isEmpty else { return 0 }
        guard exponent >= digits.count, exponent <= 19 else { return nil }
        let zeros = String(repeating: "0", count: exponent - digits.count)
        return Int((isNegative ? "-" : "") + String(decoding: digits, as: UTF8.self) + zeros)
    }

    /// The nearest `Double`, which may be infinite.
    public var nearest: Double { Double(text) ?? .nan }
}

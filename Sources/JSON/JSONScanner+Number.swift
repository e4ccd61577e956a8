extension JSONScanner {
    /// Reads a number by the grammar of RFC 8259 section 6; the position is at its sign or first digit.
    mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        let negative = bytes[position] == UInt8(ascii: "-")
        if negative { position += 1 }
        guard let first = digit else { throw malformed("\(found) where a digit is expected") }
        // The digits as one whole number, as long as they fit; `decimalExponent` says where the point belongs.
        var digits = 0
        var overflow = false
        if first == 0 {
            position += 1
            if digit != nil { throw malformed("a number must not start with a zero before other digits") }
        } else {
            takeDigits(&digits, &overflow)
        }
        var decimalExponent = 0
        var whole = true
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            whole = false
            position += 1
            guard digit != nil else { throw malformed("\(found) where a digit is expected") }
            let before = position
            takeDigits(&digits, &overflow)
            decimalExponent -= position - before
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            whole = false
            position += 1
            let sign = position < bytes.count ? bytes[position] : 0
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            guard digit != nil else { throw malformed("\(found) where a digit is expected") }
            var exponent = 0
            takeDigits(&exponent, &overflow)
            if exponent > 1 << 20 { overflow = true }
            if overflow { exponent = 0 }
            decimalExponent += sign == UInt8(ascii: "-") ? -exponent : exponent
        }
        if whole, !overflow {
            return .integer(negative ? -digits : digits)
        }
        // Both factors are exact as Double, so the one rounding of the product is the right one (Clinger 1990).
        if !overflow, digits < 1 << 53, abs(decimalExponent) <= 22 {
            let magnitude =
                decimalExponent < 0
                ? Double(digits) / Self.powersOfTen[-decimalExponent]
                : Double(digits) * Self.powersOfTen[decimalExponent]
            return .number(negative ? -magnitude : magnitude)
        }
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
            throw .malformed(offset: start, reason: "the number is beyond the range of 64-bit floating point")
        }
        return .number(value)
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    private var digit: UInt8? {
        guard position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) else {
            return nil
        }
        return bytes[position] - UInt8(ascii: "0")
    }

    private mutating func takeDigits(_ value: inout Int, _ overflow: inout Bool) {
        while let digit {
            let (product, first) = value.multipliedReportingOverflow(by: 10)
            let (sum, second) = product.addingReportingOverflow(Int(digit))
            if first || second { overflow = true } else { value = sum }
            position += 1
        }
    }
}

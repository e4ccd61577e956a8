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
        // Both factors are exact as Double, so the one rounding of the product is the right one (Clinger 1990). Of 15 digits
        // none is lost (DBL_DIG), so that the number is written again as it came.
        if !overflow, digits < 1_000_000_000_000_000, abs(decimalExponent) <= 22 {
            let magnitude =
                decimalExponent < 0
                ? Double(digits) / Self.powersOfTen[-decimalExponent]
                : Double(digits) * Self.powersOfTen[decimalExponent]
            return .number(negative ? -magnitude : magnitude)
        }
        return try exactNumber(from: start)
    }

    /// The number that stands from `start` to the position: a `Double` where its shortest text is the same number, else as it is
    /// written.
    private func exactNumber(from start: Int) throws(JSONError) -> JSONValue {
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let decimal = JSONDecimal(text) else { throw malformed("no number ends here") }
        if let integer = decimal.integer, text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || $0.isDigit }) {
            return .integer(integer)
        }
        let value = decimal.nearest
        guard value.isFinite, value != 0 || decimal.canonical == "0" else {
            throw .malformed(offset: start, reason: "the number is beyond the range of 64-bit floating point")
        }
        return JSONDecimal(value.description)?.canonical == decimal.canonical ? .number(value) : .decimal(decimal)
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    private var digit: UInt8? {
        guard position < bytes.count, bytes[position].isDigit else { return nil }
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

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}

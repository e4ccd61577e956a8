extension JSONWriter {
    mutating func appendDecimal(_ magnitude: UInt, negative: Bool) {
        if negative { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    /// Writes a finite number rounded to six digits behind the point, without trailing zeros: 0.25, 3, -0.000001.
    /// What rounds to zero is written as 0, without sign.
    mutating func appendRounded(_ value: Double) {
        let magnitude = value.magnitude
        guard magnitude < 0x1p63 else { return appendLarge(value) }
        // Splitting first keeps all digits of large values: the fraction of a Double is exact.
        var whole = UInt(magnitude)
        var millionths = UInt(((magnitude - Double(whole)) * 1e6).rounded(.toNearestOrEven))
        if millionths == 1_000_000 {
            whole += 1
            millionths = 0
        }
        appendDecimal(whole, negative: value < 0 && (whole > 0 || millionths > 0))
        guard millionths > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        var divisor: UInt = 100_000
        while millionths > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: millionths / divisor))
            millionths %= divisor
            divisor /= 10
        }
    }

    /// From 2^63 on every Double is whole: the shortest digits that name it, filled up with zeros.
    private mutating func appendLarge(_ value: Double) {
        let text = value.magnitude.description
        let parts = text.split(separator: "e")
        let digits = parts[0].split(separator: ".")
        let fraction = digits.count > 1 && digits[1] != "0" ? digits[1] : ""
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(contentsOf: digits[0].utf8)
        bytes.append(contentsOf: fraction.utf8)
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, exponent - fraction.utf8.count)))
    }
}

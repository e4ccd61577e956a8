import JSON

/// Numbers as the reference reads them: serde_json divides the digits by a power of ten, both rounded, and so misses the
/// nearest `Double` by a bit now and then. Scores that ought to tie are told apart by that, and ids with them.
enum ReferenceNumber {
    /// The number that `cursor` is at. Its digits are those of the shortest text, with which files are written.
    static func read(_ cursor: JSONCursor) throws(JSONError) -> Double {
        let nearest = try cursor.number()
        let text: String
        switch cursor.value {
        case .number(let number): text = "\(number)"
        case .decimal(let decimal): text = decimal.text
        default: return nearest
        }
        var (digits, exponent): (UInt64, Int) = (0, 0)
        var (isFraction, isFull) = (false, false)
        var rest = text.utf8.drop { $0 == UInt8(ascii: "-") }
        while let byte = rest.first, byte | 0x20 != UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if byte == UInt8(ascii: ".") {
                isFraction = true
                continue
            }
            let (tens, overflows) = digits.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = tens.addingReportingOverflow(UInt64(byte & 0xF))
            isFull = isFull || overflows || overflowsToo
            if isFull {
                // Further digits count for nothing but, before the point, their place.
                if !isFraction { exponent += 1 }
            } else {
                digits = sum
                if isFraction { exponent -= 1 }
            }
        }
        exponent += Int(String(decoding: Array(rest.dropFirst()), as: UTF8.self)) ?? 0
        guard abs(exponent) < 300, let power = Double("1e\(abs(exponent))") else { return nearest }
        let number = exponent < 0 ? Double(digits) / power : Double(digits) * power
        return nearest < 0 ? -number : number
    }
}

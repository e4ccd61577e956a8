import JSON
import Testing

@Suite struct JSONDecimalTests {
    @Test(arguments: [
        ("1", "1e0", 1), ("1.0", "1e0", 1), ("10e-1", "1e0", 1), ("0.001e3", "1e0", 1), ("-12.50e3", "-125e2", -12500),
        ("0", "0", 0), ("-0.00e7", "0", 0), ("007", "7e0", 7), ("5.", "5e0", 5), ("1.5", "15e-1", nil),
        ("9223372036854775807", "9223372036854775807e0", .max),
        ("-9223372036854775808.0", "-9223372036854775808e0", .min),
        ("9223372036854775808", "9223372036854775808e0", nil),
        ("9007199254740993.0", "9007199254740993e0", 9_007_199_254_740_993),
        ("3.0000000000000000001", "30000000000000000001e-19", nil), ("1e999", "1e999", nil), ("1E+2", "1e2", 100),
    ])
    func `equal numbers have one text, and whole ones are integers`(text: String, canonical: String, integer: Int?)
        throws
    {
        let decimal = try #require(JSONDecimal(text))
        #expect(decimal.text == text)
        #expect(decimal.canonical == canonical)
        #expect(decimal.integer == integer)
        #expect(JSONDecimal(canonical)?.canonical == canonical)
    }

    @Test(arguments: ["", "-", ".", "e5", "1e", "1e+", "+1", "1 ", "0x1", "1.2.3", "1e2.5", "inf", "nan", "١"])
    func `what is no number is none`(text: String) {
        #expect(JSONDecimal(text) == nil)
    }
}

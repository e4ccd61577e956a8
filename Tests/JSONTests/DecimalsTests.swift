import JSON
import Testing

@Suite struct `Numbers with so many decimals` {
    @Test(arguments: [
        (0.125, 2, "0.12"), (0.375, 2, "0.38"), (0.5, 0, "0"), (1.5, 0, "2"), (-0.001, 2, "-0.00"), (61.25, 1, "61.2"),
        (Double.infinity, 1, "inf"), (1e22, 1, "10000000000000000000000.0"),
    ]) func `are rounded as C does`(_ number: Double, _ decimals: Int, _ text: String) {
        #expect(number.text(decimals: decimals) == text)
    }

    @Test func `have room however large they are`() {
        #expect((-Double.greatestFiniteMagnitude).text(decimals: 3).utf8.count == 314)
    }
}

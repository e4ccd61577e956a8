import Testing

@testable import Terminal

@Suite struct `Text table` {
    @Test func `columns stand one below the other, numbers on their right`() {
        var table = TextTable([
            .init("", alignsRight: true), .init("score", alignsRight: true), .init("kind"), .init("item"),
        ])
        table.add(["1", "0.5", "image", "a.jpg"])
        table.add(["10", "-0.25", "audio", ""])
        #expect(
            table.lines == [
                "    score  kind   item",
                " 1    0.5  image  a.jpg",
                "10  -0.25  audio",
            ])
    }

    @Test func `a table without rows has its titles`() {
        #expect(TextTable([.init("a"), .init("b")]).lines == ["a  b"])
        #expect(TextTable([.init("")]).lines == [""])
    }

    @Test(arguments: [
        ("a\u{1B}[2Jb", "a\u{FFFD}[2Jb"), ("a\nb\u{7}", "a\u{FFFD}b\u{FFFD}"), ("a\u{202E}b", "a\u{FFFD}b"),
        ("a\u{9B}1mb", "a\u{FFFD}1mb"), ("é 👩‍🔬 語", "é 👩‍🔬 語"),
    ])
    func `a cell cannot command the terminal`(_ text: String, _ shown: String) {
        var table = TextTable([.init("x")])
        table.add([text])
        #expect(table.lines == ["x", shown])
    }
}

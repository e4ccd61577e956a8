import Testing

@testable import Terminal

@Suite struct `Picture protocol of a terminal` {
    @Test(arguments: [
        ["TERM": "xterm-kitty"], ["TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"],
        ["TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"], ["TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"],
    ])
    func `variables name a terminal with kitty's protocol`(_ environment: [String: String]) {
        #expect(PictureProtocol(environment: environment) == .kitty)
    }

    @Test(arguments: [
        [:], ["TERM": "xterm-256color"], ["TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"],
        ["TERM": "screen", "KITTY_WINDOW_ID": "1"], ["TERM": "tmux-256color", "TERM_PROGRAM": "WezTerm"],
        ["TERM": "xterm-kitty", "TMUX": "/tmp/tmux-0/default,1,0"],
    ])
    func `other terminals, and those behind a multiplexer, have to be asked`(_ environment: [String: String]) {
        #expect(PictureProtocol(environment: environment) == nil)
    }

    @Test(arguments: [
        ("\u{1B}_Gi=31;OK\u{1B}\\\u{1B}[?62;c", PictureProtocol.kitty),
        ("\u{1B}[?62;4;22c", .sixel), ("\u{1B}[?63;1;2;4c", .sixel),
        ("\u{1B}_Gi=31;OK\u{1B}\\\u{1B}[?62;4c", .kitty),
        ("\u{1B}_Gi=31;ENOTSUPPORTED\u{1B}\\\u{1B}[?1;2c", nil), ("\u{1B}[?62;22c", nil), ("\u{1B}[?64;14;40c", nil),
        ("typed text", nil), ("", nil),
    ])
    func `the answer of a terminal says what it can show`(_ answer: String, _ expected: PictureProtocol?) {
        #expect(PictureProtocol(answer: Array(answer.utf8)) == expected)
    }

    @Test func `an answer is complete when the attributes have come`() {
        let answer = Array("\u{1B}_Gi=31;OK\u{1B}\\\u{1B}[?62;4c".utf8)
        for count in 0..<answer.count { #expect(!PictureProtocol.isComplete(Array(answer.prefix(count)))) }
        #expect(PictureProtocol.isComplete(answer))
        #expect(!PictureProtocol.isComplete([0xFF, 0xFE, 0x1B]))
    }
}

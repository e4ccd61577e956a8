import Foundation
import Synchronization
import Testing

@testable import Terminal

/// A terminal that the test plays.
private final class PseudoTerminal: @unchecked Sendable {
    // Two descriptors that never change.
    let far: Int32
    let near: Int32

    init() throws {
        var (far, near): (Int32, Int32) = (-1, -1)
        try #require(openpty(&far, &near, nil, nil, nil) == 0)
        (self.far, self.near) = (far, near)
    }

    deinit { for descriptor in [far, near] { close(descriptor) } }

    /// What the program wrote, so far as it is there once something is.
    func read() -> [UInt8] {
        var piece = [UInt8](repeating: 0, count: 1024)
        let count = Glibc.read(far, &piece, piece.count)
        return Array(piece.prefix(max(0, count)))
    }

    func type(_ text: String) { _ = write(far, text, text.utf8.count) }

    var echoes: Bool {
        var state = termios()
        return tcgetattr(near, &state) == 0 && state.c_lflag & tcflag_t(ECHO) != 0
    }
}

@Suite struct `Asking a terminal` {
    /// More than any test takes: a terminal that is asked here answers.
    private let long = Duration.seconds(600)

    @Test(arguments: [("\u{1B}[?62;4c", PictureProtocol.sixel), ("\u{1B}[?62c", nil)])
    func `a terminal is asked, answers, and echoes again afterwards`(
        _ answer: String, _ expected: PictureProtocol?
    ) throws {
        let terminal = try PseudoTerminal()
        let device = try #require(TerminalDevice(terminal.near))
        let found = Mutex<PictureProtocol?>(nil)
        let done = DispatchSemaphore(value: 0)
        // A thread of its own: both ends block, and the pool of tasks may have but two.
        Thread.detachNewThread { [long] in
            let pictures = device.pictures(environment: ["TERM": "xterm"], within: long)
            found.withLock { $0 = pictures }
            done.signal()
        }
        var asked: [UInt8] = []
        while asked.count < PictureProtocol.question.count { asked += terminal.read() }
        #expect(asked == PictureProtocol.question)
        #expect(!terminal.echoes)
        terminal.type(answer)
        done.wait()
        #expect(found.withLock(\.self) == expected)
        #expect(terminal.echoes)
    }

    @Test func `a terminal that does not answer shows no pictures, and is not waited for`() throws {
        let terminal = try PseudoTerminal()
        let device = try #require(TerminalDevice(terminal.near))
        #expect(device.pictures(environment: ["TERM": "vt52"], within: .milliseconds(1)) == nil)
        #expect(terminal.echoes)
    }

    @Test func `a dumb terminal is not asked, and one that the environment names neither`() throws {
        let terminal = try PseudoTerminal()
        let device = try #require(TerminalDevice(terminal.near))
        #expect(device.pictures(environment: ["TERM": "dumb", "KITTY_WINDOW_ID": "1"], within: long) == nil)
        #expect(device.pictures(environment: ["TERM": "xterm-kitty"], within: long) == .kitty)
        var waiting: Int32 = 0
        #expect(ioctl(terminal.far, UInt(FIONREAD), &waiting) == 0 && waiting == 0)
    }

    @Test func `a pipe is no terminal`() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        #expect(TerminalDevice(ends[1]) == nil)
    }
}

import Glibc

/// The terminal that a descriptor of this process leads to.
public struct TerminalDevice: Sendable {
    private let descriptor: Int32

    /// The terminal; nil where the descriptor leads to none.
    public init?(_ descriptor: Int32) {
        guard isatty(descriptor) == 1 else { return nil }
        self.descriptor = descriptor
    }

    /// How it can show pictures: as the environment says, else as the terminal itself says within `limit`. Nil for one that
    /// shows none, does not answer, or is not this process's to ask.
    public func pictures(
        environment: [String: String], within limit: Duration = .milliseconds(300)
    ) -> PictureProtocol? {
        guard environment["TERM"] != "dumb" else { return nil }
        if let named = PictureProtocol(environment: environment) { return named }
        let answer = ask(PictureProtocol.question, until: PictureProtocol.isComplete, within: limit)
        return PictureProtocol(answer: answer)
    }

    /// Sends a question and gives what comes back until it is complete, or the time is over. What is typed meanwhile is lost,
    /// and not shown.
    func ask(_ question: [UInt8], until isComplete: ([UInt8]) -> Bool, within limit: Duration) -> [UInt8] {
        var name = [CChar](repeating: 0, count: 256)
        guard ttyname_r(descriptor, &name, name.count) == 0 else { return [] }
        let terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        guard terminal >= 0 else { return [] }
        defer { close(terminal) }
        // A job in the background would be stopped for touching the terminal. No group: it is not this session's terminal.
        let group = tcgetpgrp(terminal)
        guard group == getpgrp() || group < 0 else { return [] }
        var before = termios()
        guard tcgetattr(terminal, &before) == 0 else { return [] }
        var raw = before
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
        guard tcsetattr(terminal, TCSANOW, &raw) == 0 else { return [] }
        defer { tcsetattr(terminal, TCSAFLUSH, &before) }
        guard write(terminal, question, question.count) == question.count else { return [] }
        return read(terminal, until: isComplete, before: .now + limit)
    }

    private func read(
        _ terminal: Int32, until isComplete: ([UInt8]) -> Bool, before end: ContinuousClock.Instant
    ) -> [UInt8] {
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 256)
        // No terminal has more to say; a program that writes without end is none.
        while !isComplete(answer), answer.count < 4096 {
            let left = ContinuousClock.now.duration(to: end) / .milliseconds(1)
            guard left > 0 else { break }
            var entry = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, Int32(left.rounded(.up))) > 0 else { continue }
            let count = Glibc.read(terminal, &piece, piece.count)
            guard count > 0 else { break }
            answer += piece.prefix(count)
        }
        return answer
    }
}

import Glibc
import Retrieval
import Synchronization

/// Says how far the work is: on a terminal by a line at its bottom that changes, elsewhere by a line now and then.
final class ProgressLine: Sendable {
    /// How often a line is written where there is no terminal.
    static let interval = Duration.seconds(10)

    private struct State {
        var isShown = false
        var last: ContinuousClock.Instant
    }

    /// Whether what is written can be written over.
    let isTerminal: Bool
    private let columns: @Sendable () -> Int
    private let start: ContinuousClock.Instant
    private let now: @Sendable () -> ContinuousClock.Instant
    private let write: @Sendable (String) -> Void
    private let state: Mutex<State>
    private static let width = 30

    /// - Parameters:
    ///   - isTerminal: whether what is written can be written over.
    ///   - columns: how wide the terminal is now.
    ///   - now: what time it is.
    ///   - write: where text goes; standard error if nothing is said.
    init(
        isTerminal: Bool = isatty(STDERR_FILENO) == 1,
        columns: @escaping @Sendable () -> Int = { ProgressLine.terminalColumns },
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        write: @escaping @Sendable (String) -> Void = { StandardError.write(text: $0) }
    ) {
        self.isTerminal = isTerminal
        self.columns = columns
        self.now = now
        self.write = write
        start = now()
        state = Mutex(State(last: start))
    }

    /// Shows the state.
    func show(_ progress: IndexProgress) {
        show(done: progress.done, of: progress.total) { Self.line(progress, seconds: $0) }
    }

    /// Shows that so much is done, with a line about it after so many seconds.
    func show(done: Int, of total: Int, _ line: (_ seconds: Double) -> String) {
        let time = now()
        let line = line(start.duration(to: time) / .seconds(1))
        guard !isTerminal else {
            write("\r" + Self.fitted(line, Self.bar(done, of: total), columns: columns()) + "\u{1B}[K")
            return state.withLock { $0.isShown = true }
        }
        let isDue = state.withLock { state in
            guard state.last.duration(to: time) >= Self.interval else { return false }
            state.last = time
            return true
        }
        if isDue { write("sensorium: " + line + "\n") }
    }

    /// Removes the line from a terminal, so that something else can be written.
    func clear() {
        let wasShown = state.withLock { state in
            defer { state.isShown = false }
            return state.isShown
        }
        if wasShown { write("\r\u{1B}[K") }
    }

    /// `120 of 400, 25 a second, 100 photos and 18 sounds stored, 2 sounds failed`
    static func line(_ progress: IndexProgress, seconds: Double) -> String {
        let rate = seconds > 0 ? Int(Double(progress.stored.count + progress.failed.count) / seconds) : 0
        return "\(progress.done) of \(progress.total), \(rate) a second"
            + (progress.stored.count > 0 ? ", \(progress.stored) stored" : "")
            + (progress.failed.count > 0 ? ", \(progress.failed) failed" : "")
    }

    /// The line behind its bar, without it where there is no room for both. What fills the last column begins a new row on some
    /// terminals, which would not be written over.
    private static func fitted(_ line: String, _ bar: String, columns: Int) -> String {
        let room = max(0, columns - 1)
        return bar.count + line.count <= room ? bar + line : String(line.prefix(room))
    }

    /// The width of the terminal that standard error leads to; 80 where it does not say.
    static var terminalColumns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// `[###       ] `
    private static func bar(_ done: Int, of total: Int) -> String {
        let filled = total > 0 ? min(max(0, done), total) * width / total : width
        return "[\(String(repeating: "#", count: filled))\(String(repeating: " ", count: width - filled))] "
    }
}

import Foundation
import Retrieval
import Synchronization

/// A line at the bottom of a terminal that says how far the work is. Elsewhere nothing is shown.
final class ProgressBar: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private let shown = Mutex(false)
    private static let width = 30

    /// Shows the state in place of the last one.
    func show(_ progress: FolderIndexer.Progress) {
        guard isTerminal else { return }
        let seconds = start.duration(to: .now) / .seconds(1)
        write("\r" + Self.line(progress, seconds: seconds) + "\u{1B}[K")
        shown.withLock { $0 = true }
    }

    /// Removes the line, so that something else can be written.
    func clear() {
        guard
            shown.withLock({ shown in
                defer { shown = false }
                return shown
            })
        else { return }
        write("\r\u{1B}[K")
    }

    /// `[###       ] 120 of 400, 25 a second, 100 photos and 18 sounds stored, 2 sounds failed`
    static func line(_ progress: FolderIndexer.Progress, seconds: Double) -> String {
        let filled = progress.total > 0 ? progress.done * width / progress.total : width
        let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: width - filled)
        let rate = seconds > 0 ? Int(Double(progress.stored.count + progress.failed.count) / seconds) : 0
        return "[\(bar)] \(progress.done) of \(progress.total), \(rate) a second"
            + (progress.stored.count > 0 ? ", \(progress.stored) stored" : "")
            + (progress.failed.count > 0 ? ", \(progress.failed) failed" : "")
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

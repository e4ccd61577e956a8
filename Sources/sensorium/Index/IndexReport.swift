import JSON
import Retrieval
import Synchronization
import Terminal

/// What is said while a folder is indexed: how far it is, which files failed, and as JSON what became of each.
final class IndexReport: Sendable {
    private let json: Bool
    private let progress = ProgressLine()
    /// The first thing that could not be written; what comes after is not.
    private let failure = Mutex<CommandFailure?>(nil)

    init(json: Bool) { self.json = json }

    /// Shows how far it is.
    func show(_ state: IndexProgress) { progress.show(state) }

    /// Removes what ``show(_:)`` left on a terminal.
    func clear() { progress.clear() }

    /// Says what became of a file, where that is to be said.
    func note(_ path: FileName, _ outcome: IndexOutcome) {
        switch outcome {
        case .failed(let error): complain(path, "\((error as? CommandFailure)?.sentence ?? "\(error)")")
        case .leftOut(let error): complain(path, error.description)
        case .stored(_, gaps: let gaps?): complain(path, "stored, but \(gaps.words).")
        case .stored, .unchanged, .skipped: break
        }
        guard json else { return }
        failure.withLock { failure in
            guard failure == nil else { return }
            do {
                try StandardOutput.print(Self.line(path, outcome))
            } catch {
                failure = error as? CommandFailure ?? .failed("\(error)")
            }
        }
    }

    /// Throws what kept lines from being written.
    func end() throws(CommandFailure) {
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    private func complain(_ path: FileName, _ sentence: String) {
        progress.clear()
        // Names are whatever somebody gave a file, and must not command the terminal.
        StandardError.write("sensorium: \(path.text): \(sentence)".withoutControls)
    }

    private static func line(_ path: FileName, _ outcome: IndexOutcome) throws(JSONError) -> String {
        var json = JSONWriter()
        try json.object { json throws(JSONError) in
            json.field("file", path.text)
            switch outcome {
            case .stored(let kind, gaps: let gaps):
                json.field("outcome", "stored")
                json.field("kind", kind.rawValue)
                if let gaps, gaps.missingSeconds > 0 { try json.field("missing_seconds", gaps.missingSeconds) }
                if let gaps, gaps.unreadBytes > 0 { json.field("unread_bytes", gaps.unreadBytes) }
            case .unchanged(let kind):
                json.field("outcome", "unchanged")
                json.field("kind", kind.rawValue)
            case .skipped(let name):
                json.field("outcome", "skipped")
                json.field("reason", name)
            case .leftOut(let error):
                json.field("outcome", "skipped")
                json.field("reason", error.description)
            case .failed(let error):
                json.field("outcome", "failed")
                json.field("error", (error as? CommandFailure)?.sentence ?? "\(error)")
            }
        }
        return json.text
    }
}

import ArgumentParser
import Hub
import Synchronization
import Terminal

struct PullCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Fetch a model from the Hugging Face Hub.",
        discussion: """
            The files that a model is made of come into the cache that Hugging Face's own programs use (~/.cache/huggingface/hub, or where \
            HF_HUB_CACHE or HF_HOME says), checked against the hub's digests; what is there already is not fetched again, and what was \
            interrupted goes on where it ended. Prints the folder.

            HF_TOKEN, or the token that "hf auth login" keeps, opens gated and private repositories; HF_ENDPOINT names another hub.
            """)

    @Argument(help: ArgumentHelp("Name of the repository, with @ and a branch, tag or commit.", valueName: "org/name"))
    var model: String

    func validate() throws {
        if HubReference(model) == nil { throw ValidationError("\(HubError.notAReference(model))") }
    }

    func run() throws {
        guard let reference = HubReference(model) else {
            throw CommandFailure.usage("\(HubError.notAReference(model))")
        }
        let report = PullReport()
        Interruption.announce(
            "\nsensorium: Interrupted. What has come stays, and the same command goes on from there.\n")
        let outcome: HubPull.Outcome
        do throws(HubError) {
            outcome = try HubPull(reference).run { report.show($0) }
        } catch {
            report.clear()
            // What hubs say must not command the terminal.
            throw CommandFailure.failed("\(error)".withoutControls)
        }
        report.clear()
        try StandardOutput.print(outcome.folder)
        report.end(reference, outcome)
    }
}

/// Says how far a transfer is, where somebody looks on.
private final class PullReport: Sendable {
    private let line = ProgressLine()
    private let shown = Mutex<ContinuousClock.Instant?>(nil)
    private static let interval = Duration.milliseconds(100)

    func show(_ progress: HubPull.Progress) {
        guard line.isTerminal else { return }
        let isDue = shown.withLock { shown in
            let now = ContinuousClock.now
            if let shown, shown.duration(to: now) < Self.interval { return false }
            shown = now
            return true
        }
        guard isDue else { return }
        line.show(done: progress.done, of: progress.total) { progress.words(after: $0) }
    }

    func clear() { line.clear() }

    func end(_ reference: HubReference, _ outcome: HubPull.Outcome) {
        guard line.isTerminal else { return }
        let came = outcome.received > 0 ? "" : " were there already"
        StandardError.write(
            "sensorium: \(outcome.files) files, \(ByteCount(outcome.bytes))\(came). Serve it with: sensorium serve --model \(reference)"
        )
    }
}

extension HubPull.Progress {
    /// `45 MB of 91 MB, 12 MB a second, 4 s left`
    func words(after seconds: Double) -> String {
        let rate = seconds > 0 ? Double(received) / seconds : 0
        let left = rate >= 1 ? max(0, Double(total - done) / rate) : nil
        return "\(ByteCount(done)) of \(ByteCount(total))" + (rate >= 1 ? ", \(ByteCount(Int(rate))) a second" : "")
            + (left.map { ", \(Self.time($0)) left" } ?? "")
    }

    private static func time(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e9).rounded(.up))
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return "\(whole / 60) min \(whole % 60) s"
        default: return "\(whole / 3600) h \(whole / 60 % 60) min"
        }
    }
}

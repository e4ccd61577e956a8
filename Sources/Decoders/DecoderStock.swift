import Dispatch
import OperatingSystem
import Synchronization

/// The decoder processes that are idle: new ones, made ahead by a thread of its own so that no request waits for one, and
/// those that wait for the client for whom they decoded before.
///
/// A process that decoded for one client never decodes for another: whatever an upload did to it ends with it.
final class DecoderStock: Sendable {
    private struct State {
        var new: [DecoderProcess] = []
        /// The one that was used last comes last.
        var kept: [(client: String, process: DecoderProcess)] = []
        /// To be ended by the stock's thread: that takes as long as the kernel takes to give their memory back.
        var discarded: [DecoderProcess] = []
        var confinement: Confinement?
        var isStopped = false
    }

    private let command: DecoderCommand
    private let sandbox: Sandbox
    private let newCount: Int
    private let keptCount: Int
    private let forkServer = Mutex<ForkServer?>(nil)
    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - new: how many to have ready.
    ///   - kept: how many to keep for clients that may come again.
    init(_ command: DecoderCommand, _ sandbox: Sandbox, new: Int, kept: Int) {
        self.command = command
        self.sandbox = sandbox
        newCount = new
        keptCount = kept
    }

    /// Begins to make processes.
    func start() {
        SystemThread.start(named: "decoders") { [self] in
            repeat {
                state.withLock { $0.discarded = [] }
                makeNew()
                work.wait()
            } while !state.withLock(\.isStopped)
        }
    }

    /// Ends every process that is idle.
    func stop() {
        let ended = state.withLock { state in
            state.isStopped = true
            defer { (state.new, state.kept) = ([], []) }
            return state.new + state.kept.map(\.process)
        }
        withExtendedLifetime(ended) { _ = work.signal() }
    }

    /// What the processes are kept in, once one was made.
    var confinement: Confinement? { state.withLock(\.confinement) }

    /// Idle processes that have decoded for a client.
    var keptIdentifiers: [Int32] { state.withLock { $0.kept.map(\.process.processIdentifier) } }

    /// Idle processes that have decoded nothing.
    var newIdentifiers: [Int32] { state.withLock { $0.new.map(\.processIdentifier) } }

    /// The process that decoded for this client last, if it is idle and still runs; else a new one.
    func take(for client: String) throws(DecoderFailure.Obstacle) -> DecoderProcess {
        while let process = takeKept(client) {
            if process.isReady { return process }
            discard(process)
        }
        return try takeNew()
    }

    /// A process that has decoded nothing.
    func takeNew() throws(DecoderFailure.Obstacle) -> DecoderProcess {
        defer { work.signal() }
        while let process = state.withLock({ $0.new.popLast() }) {
            if process.isReady { return process }
            discard(process)
        }
        return try make()
    }

    /// Takes back a process that decoded for the client and is well.
    func keep(_ process: DecoderProcess, for client: String) {
        let isOver = state.withLock { state in
            guard !state.isStopped else { return false }
            state.kept.append((client, process))
            guard state.kept.count > keptCount else { return false }
            state.discarded.append(state.kept.removeFirst().process)
            return true
        }
        if isOver { work.signal() }
    }

    /// Ends a process.
    func discard(_ process: DecoderProcess) {
        state.withLock { $0.discarded.append(process) }
        work.signal()
    }

    private func takeKept(_ client: String) -> DecoderProcess? {
        state.withLock { state in
            state.kept.lastIndex { $0.client == client }.map { state.kept.remove(at: $0).process }
        }
    }

    private func makeNew() {
        while state.withLock({ !$0.isStopped && $0.new.count < newCount }) {
            // One that cannot be made now is tried again when it is needed; that call says why.
            guard let process = try? make() else { return }
            state.withLock { state in if !state.isStopped { state.new.append(process) } }
        }
    }

    private func make() throws(DecoderFailure.Obstacle) -> DecoderProcess {
        let process = try forkServer.withLock { (server) throws(DecoderFailure.Obstacle) in
            do throws(DecoderFailure.Obstacle) {
                if let server { return try server.fork() }
            } catch {
                // It may have been ended by somebody: another is started.
                server = nil
            }
            let started = try ForkServer(command)
            let process = try started.fork()
            server = started
            return process
        }
        guard process.confinement.seccomp || sandbox == .attempt else {
            throw .notConfined(errno: process.filterError)
        }
        state.withLock { $0.confinement = process.confinement }
        return process
    }
}

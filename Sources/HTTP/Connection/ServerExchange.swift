import Synchronization

/// The exchange that handlers hold. It keeps the answer until the connection's loop fetches it, and knows nothing of sockets.
final class ServerExchange: HTTPExchange {
    /// What the loop fetches: the parts of an answer given since it last looked.
    struct Delivery {
        var response: HTTPResponse?
        var streamStart: (status: Int, headers: HTTPHeaders)?
        var chunks: [[UInt8]] = []
        var ended = false
        /// The stream ends here without its end: it outgrew its bound, since the client reads too slowly, or cannot go on.
        var isBrokenOff = false
    }

    private enum Phase {
        /// No answer yet.
        case open
        case streaming
        /// The whole answer was given, by the handler or, for a broken body, by the server.
        case answered
        /// The answer is with the kernel, or the connection is gone.
        case over
    }

    /// Someone who waits for the backlog to fall below a bound.
    private struct DrainWait {
        let below: Int
        let body: @Sendable (Bool) -> Void
    }

    private struct State {
        var phase = Phase.open
        var delivery = Delivery()
        /// Bytes of stream not yet with the kernel.
        var backlog = 0
        /// The loop is calling the handler and will look when that returns.
        var loopWillLook = false
        var isPosted = false
        var isCancelled = false
        var drainWaits: [DrainWait] = []
        var failureAnswer: (@Sendable (HTTPFailure) -> HTTPResponse)?
        var cancelActions: [@Sendable () -> Void] = []
        var completeActions: [@Sendable (Int?, Int) -> Void] = []
        var outcome: (status: Int?, bytes: Int) = (nil, 0)

        /// Has the loop close the connection; what still waits for it goes nowhere.
        mutating func breakOff() {
            phase = .answered
            delivery.isBrokenOff = true
            delivery.chunks = []
        }
    }

    let peerAddress: String
    /// The connection's token in its loop.
    let connection: UInt64
    private let mailbox: LoopMailbox
    private let maxBacklog: Int
    private let state = Mutex(State())

    init(peerAddress: String, connection: UInt64, mailbox: LoopMailbox, maxBacklog: Int) {
        self.peerAddress = peerAddress
        self.connection = connection
        self.mailbox = mailbox
        self.maxBacklog = maxBacklog
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func respond(_ response: HTTPResponse) -> Bool {
        change { state in
            guard state.phase == .open else { return .refused }
            state.phase = .answered
            state.delivery.response = response
            return .given
        }
    }

    func startStreaming(status: Int, headers: HTTPHeaders) -> Bool {
        change { state in
            guard state.phase == .open else { return .refused }
            state.phase = .streaming
            state.delivery.streamStart = (status, headers)
            return .given
        }
    }

    func write(_ bytes: [UInt8]) -> Bool {
        change { [maxBacklog] state in
            guard state.phase == .streaming else { return .refused }
            guard !bytes.isEmpty else { return .nothing }
            // One large piece may pass the bound alone; a second may not join it.
            if state.backlog > 0, state.backlog + bytes.count > maxBacklog {
                state.breakOff()
                return .overflowed
            }
            state.backlog += bytes.count
            state.delivery.chunks.append(bytes)
            return .given
        }
    }

    func endStream() {
        change { state in
            guard state.phase == .streaming else { return .refused }
            state.phase = .answered
            state.delivery.ended = true
            return .given
        }
    }

    func breakOff() {
        change { state in
            guard state.phase == .streaming else { return .refused }
            state.breakOff()
            return .given
        }
    }

    func onDrained(below octets: Int, _ body: @escaping @Sendable (Bool) -> Void) {
        let isConnected = state.withLock { state -> Bool? in
            if state.phase == .over { return !state.isCancelled }
            // A stream that is broken off is about to be closed.
            if state.backlog < octets, !state.delivery.isBrokenOff { return true }
            state.drainWaits.append(DrainWait(below: octets, body: body))
            return nil
        }
        if let isConnected { body(isConnected) }
    }

    func onFailure(_ answer: @escaping @Sendable (HTTPFailure) -> HTTPResponse) {
        state.withLock { if $0.phase == .open { $0.failureAnswer = answer } }
    }

    func onCancel(_ body: @escaping @Sendable () -> Void) {
        let runNow = state.withLock { state in
            if state.isCancelled { return true }
            if state.phase != .over { state.cancelActions.append(body) }
            return false
        }
        if runNow { body() }
    }

    func onComplete(_ body: @escaping @Sendable (Int?, Int) -> Void) {
        let outcome = state.withLock { state -> (status: Int?, bytes: Int)? in
            if state.phase == .over { return state.outcome }
            state.completeActions.append(body)
            return nil
        }
        if let outcome { body(outcome.status, outcome.bytes) }
    }

    private enum Change {
        case refused
        case nothing
        case given
        case overflowed
    }

    /// Applies a change and wakes the loop unless there is none or it will look anyway.
    @discardableResult
    private func change(_ body: (inout State) -> Change) -> Bool {
        let (change, wake) = state.withLock { state -> (Change, Bool) in
            let change = body(&state)
            if change == .refused || change == .nothing || state.loopWillLook || state.isPosted {
                return (change, false)
            }
            state.isPosted = true
            return (change, true)
        }
        if wake { mailbox.post(.look(self)) }
        return change == .given || change == .nothing
    }

    // MARK: The loop's side

    /// Runs `body` (a call to the handler) so that answers given in it need no wake-up.
    func whileLooking<Result>(_ body: () -> Result) -> Result {
        state.withLock { $0.loopWillLook = true }
        return body()
    }

    /// Fetches what was given since the last time.
    func take() -> Delivery {
        state.withLock { state in
            state.loopWillLook = false
            state.isPosted = false
            let delivery = state.delivery
            state.delivery = Delivery()
            return delivery
        }
    }

    /// Tells that no more than `waiting` bytes of the stream still wait at the connection.
    func updateBacklog(waiting: Int) {
        let due = state.withLock { state -> [DrainWait] in
            state.backlog = waiting + state.delivery.chunks.reduce(0) { $0 + $1.count }
            guard !state.drainWaits.isEmpty, !state.delivery.isBrokenOff else { return [] }
            let backlog = state.backlog
            let due = state.drainWaits.filter { backlog < $0.below }
            state.drainWaits.removeAll { backlog < $0.below }
            return due
        }
        for wait in due { wait.body(true) }
    }

    /// Takes the right to answer from the handler, because its message turned out broken; false if it answered before.
    func claim() -> Bool {
        state.withLock { state in
            guard state.phase == .open else { return false }
            state.phase = .answered
            state.cancelActions = []
            return true
        }
    }

    /// The answer that the handler has for the failure, nil where it has none.
    func answer(to failure: HTTPFailure) -> HTTPResponse? {
        let answer = state.withLock { state in
            defer { state.failureAnswer = nil }
            return state.failureAnswer
        }
        return answer?(failure)
    }

    /// The last byte is with the kernel.
    func complete(status: Int, bytes: Int) {
        finish(status: status, bytes: bytes, cancelled: false)
    }

    /// The client is gone.
    func abandon(status: Int?, bytes: Int) {
        finish(status: status, bytes: bytes, cancelled: true)
    }

    private func finish(status: Int?, bytes: Int, cancelled: Bool) {
        typealias Actions = (
            drain: [DrainWait], cancel: [@Sendable () -> Void], complete: [@Sendable (Int?, Int) -> Void]
        )
        let actions = state.withLock { state -> Actions in
            guard state.phase != .over else { return ([], [], []) }
            state.phase = .over
            state.isCancelled = cancelled
            state.outcome = (status, bytes)
            state.delivery = Delivery()
            let actions = (state.drainWaits, cancelled ? state.cancelActions : [], state.completeActions)
            state.drainWaits = []
            state.failureAnswer = nil
            state.cancelActions = []
            state.completeActions = []
            return actions
        }
        for wait in actions.drain { wait.body(!cancelled) }
        for action in actions.cancel { action() }
        for action in actions.complete { action(status, bytes) }
    }
}

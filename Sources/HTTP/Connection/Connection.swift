import Glibc

/// One client connection: a state machine driven by readiness, answers and time, on one event loop only.
///
/// Requests are served one at a time, in order. While an answer is awaited nothing is read, so that a client that
/// pipelines holds at most one receive buffer of requests here.
final class Connection {
    enum Phase {
        /// Between requests, in a head, or in a body.
        case receiving
        /// The request is complete (or the rest of its body given up) and its answer is not.
        case answering
        /// No further request is served; closes when the output is with the kernel.
        case finishing
        /// Our side is shut; the client's remaining octets are dropped until it closes too.
        case lingering
        case closed
    }

    /// The request being received or answered.
    struct ActiveRequest {
        enum Answer {
            case awaited
            case streaming(ResponseWriter.Framing)
            case given
        }

        let head: HTTPRequestHead
        let exchange: ServerExchange
        var keepsAlive: Bool
        var expectsContinue: Bool
        var receiver: (any BodyReceiver)?
        var bodyComplete = false
        var bodyBytes = 0
        var bodyStart: UInt64
        var answer = Answer.awaited
        var status: Int?
        /// Where the content of the answer begins in the output, and how much there is so far.
        var contentStart = 0
        var contentBytes = 0

        /// Whether the answer has no content: the method is HEAD.
        var hidesContent: Bool { head.method == "HEAD" }
    }

    /// An answer whose last octet is not yet with the kernel.
    struct PendingCompletion {
        var end: Int
        var exchange: ServerExchange
        var status: Int
        var contentStart: Int
        var contentBytes: Int
    }

    /// Octets of answers above which no further pipelined request is served before some are sent.
    static let outputHighWater = 64 << 10
    /// The rest of a body that is read to keep the connection, when the answer came before its end.
    static let skippedBody = 64 << 10

    /// What a connection may do before others have their turn.
    struct Allowance {
        var receives = 16
        var requests = 16
        var sentOctets = 256 << 10
    }

    let token: UInt64
    let seat: Seat
    var descriptor: Int32 { seat.descriptor }
    let peerAddress: String
    unowned let loop: EventLoop

    var phase = Phase.receiving
    var parser: RequestParser
    var request: ActiveRequest?
    /// Answers, before encryption if there is any.
    var output = OutputQueue()
    let tls: TLSSession?
    /// What TLS made of the answers, and its own messages.
    var encrypted = OutputQueue()
    var completions: [PendingCompletion] = []
    /// Octets received and not yet parsed.
    var leftover: [UInt8] = []
    var leftoverStart = 0

    /// What is left of the present turn.
    var allowance = Allowance()
    /// Stands in the loop's queue.
    private(set) var awaitsTurn = false
    /// The exchange has something new.
    private var hasDelivery = false

    var isReadable = true
    var isWritable = true
    /// Octets were left after the last try to send: the write deadline runs.
    var isBlocked = false
    /// The peer announced its end; receive until it comes.
    var peerFinished = false
    var peerFinishedAt: UInt64 = 0
    /// A half-closed client was sent an interim answer to see whether it still reads.
    var probed = false
    /// The end of the client's octets was received.
    var sawEnd = false
    var servedAny = false

    /// Times of the loop's clock, nanoseconds.
    var idleSince: UInt64
    var headStart: UInt64 = 0
    var lastInput: UInt64
    var lastOutput: UInt64
    var lingerStart: UInt64 = 0
    var lingerBytes = 0
    /// The earliest entry of this connection in the loop's timers.
    var scheduled = UInt64.max

    init(token: UInt64, seat: Seat, peerAddress: String, tls: TLSSession?, loop: EventLoop) {
        self.token = token
        self.seat = seat
        self.peerAddress = peerAddress
        self.tls = tls
        self.loop = loop
        parser = RequestParser(limits: loop.shared.parserLimits)
        idleSince = loop.now
        lastInput = loop.now
        lastOutput = loop.now
    }

    /// Whether octets wait for the kernel.
    var hasUnsent: Bool { !output.isEmpty || !encrypted.isEmpty }

    /// Readiness from the poller.
    func note(_ readiness: Poller.Readiness) {
        if readiness.isReadable {
            isReadable = true
            // A request may have come: the connection is no longer to be closed as idle before it had its turn.
            if seat.activity == .idle { seat.note(.sending, since: loop.now) }
        }
        if readiness.isWritable { isWritable = true }
        if readiness.peerFinished, !peerFinished {
            peerFinished = true
            peerFinishedAt = loop.now
        }
        if readiness.isBroken {
            close()
            return
        }
        awaitTurn()
    }

    /// The exchange has something new.
    func look(_ exchange: ServerExchange) {
        guard let request, request.exchange === exchange, phase != .closed else { return }
        hasDelivery = true
        awaitTurn()
    }

    /// Stands in the loop's queue, once.
    /// - Parameter again: the present turn was not enough.
    func awaitTurn(again: Bool = false) {
        guard !awaitsTurn else { return }
        awaitsTurn = true
        loop.giveTurn(to: self, again: again)
    }

    /// The loop's queue has come to this connection.
    func takeTurn() {
        awaitsTurn = false
        run()
    }

    /// Does what can be done now within one turn, then says when to look again.
    func run() {
        guard phase != .closed else { return }
        allowance = Allowance()
        if hasDelivery {
            hasDelivery = false
            collect()
        }
        while phase == .receiving || phase == .lingering {
            if output.count >= Self.outputHighWater {
                flush()
                if output.count >= Self.outputHighWater { break }
            }
            let hasLeftover = leftover.count > leftoverStart
            guard hasLeftover || isReadable else { break }
            guard allowance.receives > 0, allowance.requests > 0 else {
                awaitTurn(again: true)
                break
            }
            if hasLeftover { parseLeftover() } else { receive() }
        }
        flush()
        if hasUnsent, isWritable, phase != .closed { awaitTurn(again: true) }
        report()
        schedule()
    }

    /// Closes at once if no request is under way; otherwise after the present answer.
    func drain() {
        // A request that came and waits for its turn is on its way.
        if awaitsTurn { run() }
        switch phase {
        case .receiving where request == nil && !parser.isInHead && leftover.count == leftoverStart:
            // Nothing is on its way to this client that a reset could destroy.
            if !hasUnsent { return close() }
            finishConnection()
            run()
        default: break
        }
    }

    /// Ends the connection at once: the client is gone, has to be treated so, or has been served. Whatever is under way
    /// for it is cancelled, and an answer of which octets are left counts as abandoned.
    func close() {
        guard phase != .closed else { return }
        phase = .closed
        Glibc.close(descriptor)
        loop.forget(self)
        let sent = output.removed
        // The connection may stand in the loop's queue for a while: what waits for its client is let go at once.
        output.removeAll()
        encrypted.removeAll()
        leftover = []
        for pending in completions {
            let bytes = min(pending.contentBytes, max(0, sent - pending.contentStart))
            pending.exchange.abandon(status: pending.status, bytes: bytes)
        }
        completions = []
        if let request {
            self.request = nil
            request.receiver?.abort()
            if case .given = request.answer { return }
            let bytes = min(request.contentBytes, max(0, sent - request.contentStart))
            request.exchange.abandon(status: request.status, bytes: bytes)
        }
    }
}

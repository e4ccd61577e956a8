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
    /// Receives in a row before other connections have their turn.
    static let receivesInTurn = 16

    let token: UInt64
    let descriptor: Int32
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

    init(token: UInt64, descriptor: Int32, peerAddress: String, tls: TLSSession?, loop: EventLoop) {
        self.token = token
        self.descriptor = descriptor
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
    func handle(_ readiness: Poller.Readiness) {
        if readiness.isReadable { isReadable = true }
        if readiness.isWritable { isWritable = true }
        if readiness.peerFinished, !peerFinished {
            peerFinished = true
            peerFinishedAt = loop.now
        }
        if readiness.isBroken {
            close()
            return
        }
        run()
    }

    /// The exchange has something new.
    func look(_ exchange: ServerExchange) {
        guard let request, request.exchange === exchange, phase != .closed else { return }
        collect()
        run()
    }

    /// Does all that can be done now, then says when to look again.
    func run() {
        var turns = Self.receivesInTurn
        while phase == .receiving || phase == .lingering {
            if output.count >= Self.outputHighWater {
                flush()
                if output.count >= Self.outputHighWater { break }
            }
            if leftover.count > leftoverStart {
                parseLeftover()
                continue
            }
            guard isReadable else { break }
            guard turns > 0 else {
                loop.runLater(self)
                break
            }
            turns -= 1
            receive()
        }
        flush()
        schedule()
    }

    /// Closes at once if no request is under way; otherwise after the present answer.
    func drain() {
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

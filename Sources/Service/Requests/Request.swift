import HTTP
import Scheduler

/// A request that found its route.
struct Request: Sendable {
    /// Request line and field lines.
    private(set) var head: HTTPRequestHead
    /// Its id and trace.
    let identity: RequestIdentity
    /// Whom it is counted for.
    let client: Client
    /// The client's address.
    let peer: String
    /// What stood at the names of the route's template.
    private(set) var parameters: [String: String]
    /// When its head was complete.
    let received: ContinuousClock.Instant
    /// What it takes of the machine, and until when.
    let work: RequestWork
    /// The time that its client gives it; nil where that says nothing.
    let timeout: Duration?
    /// Field lines that every answer to it carries.
    let ownHeaders: HTTPHeaders
    /// The way back.
    let exchange: any HTTPExchange
    /// What is noted of it.
    let record: RequestRecord
    /// How an answer to it is written that comes piece by piece.
    private(set) var events: any EventForm = ServerSentEvents()
    /// In whose shape it is refused; nil for our own.
    private let dialect: (any Dialect)?
    private let journal: Journal

    init(
        _ head: HTTPRequestHead, _ exchange: any HTTPExchange, _ match: Router.Match, client: Client, peer: String,
        deadline: Duration, crossOrigin: CrossOrigin, journal: Journal
    ) {
        identity = RequestIdentity(head.headers)
        self.head = head
        self.client = client
        self.peer = peer
        self.exchange = exchange
        self.journal = journal
        received = .now
        // A field that is no time is refused by admission.
        timeout = (try? RequestTimeout.read(head.headers)) ?? nil
        work = RequestWork(client: client.id, deadline: received + min(deadline, timeout ?? deadline))
        var headers = identity.headers
        crossOrigin.add(to: &headers, for: head.headers)
        ownHeaders = headers
        var route: Route?
        if case .route(let matched, let parameters) = match {
            route = matched
            dialect = matched.dialect
            self.parameters = parameters
        } else {
            parameters = [:]
            dialect = nil
        }
        record = journal.record(method: head.method, identity, peer: peer, route, exchange)
    }

    /// Sends the whole answer.
    func respond(_ response: HTTPResponse) {
        exchange.respond(response.endingLine().adding(ownHeaders))
    }

    /// Sends a problem as the answer.
    func refuse(_ problem: Problem) {
        exchange.respond(refusal(problem))
    }

    /// The answer to a body that the server itself refuses: malformed, too large or too slow.
    func refusal(_ failure: HTTPFailure) -> HTTPResponse { refusal(Problem(failure)) }

    /// The answer that says the problem, which is noted of the request.
    private func refusal(_ problem: Problem) -> HTTPResponse {
        record.refused(problem.code)
        let response = dialect?.response(to: problem, requestID: identity.id)
        return (response ?? problem.response(requestID: identity.id)).adding(ownHeaders)
    }

    /// Starts an answer that comes in pieces; false if the client is gone.
    func startStreaming(_ headers: HTTPHeaders) -> Bool {
        var headers = headers
        for field in ownHeaders.fields { headers.add(field.name, field.value) }
        return exchange.startStreaming(status: 200, headers: headers)
    }

    /// Waits until fewer than `octets` of the answer wait at the connection; false if the client is gone.
    func drained(below octets: Int) async -> Bool {
        await withCheckedContinuation { continuation in
            exchange.onDrained(below: octets) { continuation.resume(returning: $0) }
        }
    }
}

extension Request {
    /// The same request as a route of our own is to see it, whatever its client asked: `parameters` stand for what would be at the names
    /// of that route's template, and `events` says how its pieces are written where it streams.
    func asked(
        _ parameters: [String: String] = [:], events: (any EventForm)? = nil
    ) -> Request {
        var request = self
        // Whether it streams is said by an option.
        request.head.headers.set("Accept", "application/json")
        request.parameters = parameters
        if let events { request.events = events }
        return request
    }

    /// Whether the client asks for server-sent events by `Accept`. A bare `*/*` means JSON.
    var prefersEventStream: Bool {
        let acceptance = Acceptance(head.headers)
        return acceptance.names("text/event-stream")
            && acceptance.best(of: ["application/json", "text/event-stream"]) == "text/event-stream"
    }

    /// How long ago the head was complete.
    var age: Duration { received.duration(to: .now) }

    /// What the client is told of an error. A cause that is not the client's to know is logged under the request's id.
    func problem(for error: any Error) -> Problem {
        // Whoever waited too long without its own deadline having passed could not be begun in time.
        switch error {
        case SchedulerError.overdue: return work.turnAway()
        case DecoderPool.Refusal.deadlineExceeded where work.deadline > .now: return work.turnAway()
        default: break
        }
        if let problem = Problem(error, deadlineSeconds: received.duration(to: work.deadline).inSeconds) {
            if problem.code == .storageDamaged { journal.failed(identity.id, StorageDamage()) }
            return problem
        }
        journal.failed(identity.id, error)
        return .internalError
    }
}

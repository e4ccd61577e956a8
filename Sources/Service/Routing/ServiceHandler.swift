import Dispatch
import HTTP
import Tasks

/// Every request's way in: route, admission, inputs, task. Called on the event loops, so it only parses and hands over.
final class ServiceHandler: RequestHandler {
    let router: Router
    private let keys: APIKeys?
    private let proxies: TrustedProxies
    private let admission: Admission
    private let crossOrigin: CrossOrigin
    private let intake: BodyIntake
    private let state: ServingState
    private let workload: Workload
    private let decoders: DecoderPool
    private let executor: RequestExecutor
    private let journal: Journal
    private let deadline: Duration
    /// Entered by each request that was admitted to a task, before its body has come in; left when its answer was sent.
    private let requestsAtWork = DispatchGroup()

    init(
        router: Router, keys: APIKeys?, proxies: TrustedProxies, admission: Admission, crossOrigin: CrossOrigin,
        intake: BodyIntake, state: ServingState, workload: Workload, decoders: DecoderPool, executor: RequestExecutor,
        journal: Journal, deadline: Duration
    ) {
        self.router = router
        self.keys = keys
        self.proxies = proxies
        self.admission = admission
        self.crossOrigin = crossOrigin
        self.intake = intake
        self.state = state
        self.workload = workload
        self.decoders = decoders
        self.executor = executor
        self.journal = journal
        self.deadline = deadline
    }

    func receive(_ head: HTTPRequestHead, exchange: any HTTPExchange) -> BodyHandling {
        let match = router.match(head)
        let peer = proxies.client(peer: exchange.peerAddress, head.headers)
        let request = Request(
            head, exchange, match, client: client(of: head, peer), peer: peer, deadline: deadline,
            crossOrigin: crossOrigin, journal: journal)
        do throws(Problem) {
            switch match {
            case .route(let route, _):
                try admission.check(request, route)
                return try begin(request, route)
            case .options(let allow):
                request.respond(crossOrigin.options(head, allow: allow))
            case .methodNotAllowed(let allow):
                throw .methodNotAllowed(head.method, allow: allow)
            case .unknownPath:
                throw .unknownPath(head.path, known: router.routes.map(\.template))
            }
        } catch {
            request.refuse(error)
        }
        return .discard
    }

    func response(
        to failure: HTTPFailure, in message: HTTPMessageStart, exchange: any HTTPExchange
    ) -> HTTPResponse {
        let identity = RequestIdentity(message.headers)
        let peer = proxies.client(peer: exchange.peerAddress, message.headers)
        let problem = Problem(failure)
        journal.record(method: message.method, identity, peer: peer, nil, exchange).refused(problem.code)
        var headers = identity.headers
        crossOrigin.add(to: &headers, for: message.headers)
        return problem.response(requestID: identity.id).adding(headers)
    }

    /// Waits until every request that was admitted to a task has its answer; false if some have not in time.
    func waitForRequests(within seconds: Double) -> Bool {
        requestsAtWork.wait(timeout: .now() + seconds) == .success
    }

    private func client(of head: HTTPRequestHead, _ peer: String) -> Client {
        keys?.identify(authorization: head.headers["Authorization"]).map { .key($0) } ?? .from(address: peer)
    }

    private func begin(_ request: Request, _ route: Route) throws(Problem) -> BodyHandling {
        switch route.endpoint {
        case .direct(let answer):
            request.respond(try answer(request))
            return .discard
        case .task(let task):
            return try begin(request, task, at: route.template)
        }
    }

    /// Reads the body piece by piece; when it is complete, the task runs. What could not be answered in time is refused before
    /// its body comes in.
    private func begin(
        _ request: Request, _ task: any TaskRoute, at template: String
    ) throws(Problem) -> BodyHandling {
        let models = try state.registry()
        let card = try ModelChoice.card(for: request, task, models)
        let rules = try ModelChoice.advising(request, task, models) { () throws(Problem) in
            try task.rules(for: request, card)
        }
        if !rules.parts.isEmpty {
            try workload.check(request.work.client, kinds: [template], within: request.timeout)
        }
        request.exchange.onFailure { request.refusal($0) }
        requestsAtWork.enter()
        request.exchange.onComplete { [requestsAtWork] _, _ in requestsAtWork.leave() }
        return try intake.receive(request, task, rules) {
            self.run(task, request, $0, models, read: card, at: template)
        }
    }

    private func run(
        _ task: any TaskRoute, _ request: Request, _ body: ReceivedBody, _ models: Registry,
        read card: ModelCard, at template: String
    ) {
        let work = Task(executorPreference: executor) { [decoders, workload] in
            do {
                let inputs =
                    switch body {
                    case .inputs(let inputs): inputs
                    case .unparsed(let parse):
                        try await decoders.run(
                            before: request.work.decodingDeadline, for: request.client.id, .short, parse
                        ).value
                    }
                if !inputs.rules.parts.isEmpty {
                    let kind = "\(template) \(inputs.outline) \(task.effort(inputs))"
                    try workload.book(request.work, kinds: [kind, template], within: request.timeout)
                }
                let reply: Reply
                do {
                    let card = try ModelChoice.card(for: request, inputs, task, models, insteadOf: card)
                    let engine = try await models.engine(card.name)
                    reply = try await task.answer(request, inputs, engine)
                } catch let problem as Problem {
                    throw ModelChoice.advice(problem, request, inputs, task, models)
                }
                // First: a client that has its answer may ask again at once, and is not to find its own work before it.
                request.work.end(isTypical: true)
                if case .whole(let response) = reply { request.respond(response) }
            } catch {
                let problem = request.problem(for: error)
                request.work.end(isTypical: false)
                request.refuse(problem)
            }
        }
        request.exchange.onCancel { work.cancel() }
    }
}

extension Problem {
    fileprivate static func methodNotAllowed(_ method: String, allow: [String]) -> Problem {
        let allowed = allow.joined(separator: ", ")
        return Problem(
            .methodNotAllowed, "This path does not take \(method); it takes \(allowed).",
            headers: HTTPHeaders([("Allow", allowed)]))
    }

    fileprivate static func unknownPath(_ path: String, known: [String]) -> Problem {
        let advice = nearestName(to: path, among: Set(known).sorted()).map { "did you mean \($0)?" }
        return Problem(
            .unknownPath, "Nothing is at this path; " + (advice ?? "GET /openapi.yaml describes every path there is."))
    }
}

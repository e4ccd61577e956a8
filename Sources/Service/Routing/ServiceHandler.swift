import Dispatch
import HTTP

/// Every request's way in: route, admission, inputs, task. Called on the event loops, so it only parses and hands over.
final class ServiceHandler: RequestHandler {
    private let router: Router
    private let admission: Admission
    private let state: ServingState
    private let decoders: DecoderPool
    private let limits: BodyLimits
    private let deadline: Duration
    private let reportFailure: @Sendable (_ requestID: String, any Error) -> Void
    /// Entered by each request that was admitted to a task, left when its answer was sent.
    private let tasksAtWork = DispatchGroup()

    init(
        _ router: Router, _ admission: Admission, _ state: ServingState, _ decoders: DecoderPool, _ limits: BodyLimits,
        deadline: Duration, reportFailure: @escaping @Sendable (_ requestID: String, any Error) -> Void
    ) {
        self.router = router
        self.admission = admission
        self.state = state
        self.decoders = decoders
        self.limits = limits
        self.deadline = deadline
        self.reportFailure = reportFailure
    }

    func receive(_ head: HTTPRequestHead, exchange: any HTTPExchange) -> BodyHandling {
        let match = router.match(head)
        let request = request(head, exchange, match)
        do throws(Problem) {
            switch match {
            case .route(let route, _):
                try admission.check(request, route)
                return try begin(request, route)
            case .options(let allow):
                request.respond(admission.options(head, allow: allow))
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

    func response(to failure: HTTPFailure) -> HTTPResponse {
        let identity = RequestIdentity(HTTPHeaders())
        let code = ProblemCode(rawValue: failure.code) ?? .malformedRequest
        var response = Problem(code, failure.detail, status: failure.status).response(requestID: identity.id)
        response.headers.add("X-Request-Id", identity.id)
        response.closesConnection = true
        return response
    }

    /// Waits until every admitted task has its answer; false if some have not in time.
    func waitForTasks(within seconds: Double) -> Bool {
        tasksAtWork.wait(timeout: .now() + seconds) == .success
    }

    private func request(_ head: HTTPRequestHead, _ exchange: any HTTPExchange, _ match: Router.Match) -> Request {
        let identity = RequestIdentity(head.headers)
        var headers = HTTPHeaders([("X-Request-Id", identity.id)])
        if let trace = identity.traceParent { headers.add("traceparent", trace) }
        admission.addCrossOrigin(to: &headers, for: head)
        var parameters: [String: String] = [:]
        if case .route(_, let found) = match { parameters = found }
        let received = ContinuousClock.now
        return Request(
            head: head, identity: identity, parameters: parameters, received: received,
            deadline: received + deadline, ownHeaders: headers, exchange: exchange,
            reportFailure: { [reportFailure] in reportFailure(identity.id, $0) })
    }

    private func begin(_ request: Request, _ route: Route) throws(Problem) -> BodyHandling {
        switch route.endpoint {
        case .direct(let answer):
            request.respond(try answer(request))
            return .discard
        case .task(let task):
            return try begin(request, task)
        }
    }

    /// Reads the body piece by piece; when it is complete, the task runs.
    private func begin(_ request: Request, _ task: any TaskRoute) throws(Problem) -> BodyHandling {
        _ = try state.engine()
        let inputs = try RequestInputs(task.rules, query: request.head.query)
        guard request.head.hasBody else {
            run(task, request, .inputs(inputs))
            return .discard
        }
        let reader = try bodyReader(for: request.head, inputs: inputs, limits: limits)
        let receiver = UploadReceiver(request, reader) { self.run(task, request, $0) }
        return .deliver(to: receiver, limit: limits.body)
    }

    private func run(_ task: any TaskRoute, _ request: Request, _ body: ReceivedBody) {
        tasksAtWork.enter()
        request.exchange.onComplete { [tasksAtWork] _, _ in tasksAtWork.leave() }
        let work = Task { [decoders] in
            do {
                let inputs =
                    switch body {
                    case .inputs(let inputs): inputs
                    case .unparsed(let parse): try await decoders.run(before: request.deadline, parse).value
                    }
                if case .whole(let response) = try await task.answer(request, inputs) { request.respond(response) }
            } catch {
                request.refuse(request.problem(for: error))
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

import HTTP
import Tasks

/// One row of the table of routes.
struct Route: Sendable {
    /// Who may ask, and when.
    enum Access: Sendable, Equatable {
        /// Everyone, always: probes must not need keys, nor fail while the server drains.
        case probe
        /// Everyone where the operator says so (`--open-metrics`), else as `keyed`.
        case metrics
        /// Those with an API key, where keys are set; counted against the rate limit.
        case keyed
    }

    /// How the request is answered.
    enum Endpoint: Sendable {
        /// At once, on the event loop.
        case direct(@Sendable (Request) throws(Problem) -> HTTPResponse)
        /// From the inputs in the body, by way of the engine.
        case task(any TaskRoute)
    }

    let method: String
    /// The path with names in braces: `/v1/models/{model}`. Also the route's label in metrics and logs.
    let template: String
    let access: Access
    /// The media types of a good answer, the preferred first.
    let produces: [String]
    let endpoint: Endpoint
    /// Whose clients it is for, where that is another program; nil for a route of our own.
    var dialect: (any Dialect)?

    /// A route that is answered at once.
    static func get(
        _ template: String, access: Access = .keyed, produces: [String] = ["application/json"],
        _ answer: @escaping @Sendable (Request) throws(Problem) -> HTTPResponse
    ) -> Route {
        Route(method: "GET", template: template, access: access, produces: produces, endpoint: .direct(answer))
    }

    /// A route that computes.
    static func post(_ template: String, _ task: some TaskRoute) -> Route {
        Route(method: "POST", template: template, access: .keyed, produces: task.produces, endpoint: .task(task))
    }

    /// A route for the clients of another program.
    static func post(_ template: String, _ task: some DialectTask) -> Route {
        Route(
            method: "POST", template: template, access: .keyed, produces: task.produces, endpoint: .task(task),
            dialect: task.dialect)
    }

    func answers(_ method: String) -> Bool {
        self.method == method || (method == "HEAD" && self.method == "GET")
    }
}

/// A route that needs a model.
protocol TaskRoute: Sendable {
    /// The parts and options it takes; all that it may take where that depends on the model.
    var rules: InputRules { get }
    /// The parts and options that it takes of this request.
    func rules(for request: Request, _ card: ModelCard) throws(Problem) -> InputRules
    /// Whether a model is one to answer such a request. Where none is named, the first that suits does.
    /// - Parameter inputs: nil as long as only the head of the request is there.
    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool
    /// The media types of its good answers, the preferred first.
    var produces: [String] { get }
    /// What reads the body of a request.
    func bodyReader(
        for head: HTTPRequestHead, _ inputs: RequestInputs, _ limits: BodyLimits
    ) throws(Problem) -> any BodyReader
    /// What of its options makes a request more work than another with the same parts.
    func effort(_ inputs: RequestInputs) -> String
    /// Answers one request with the engine that was there when it came. Cancelled when the client goes.
    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply
}

extension TaskRoute {
    /// Forms, JSON and raw bodies.
    func bodyReader(
        for head: HTTPRequestHead, _ inputs: RequestInputs, _ limits: BodyLimits
    ) throws(Problem) -> any BodyReader {
        try nativeBodyReader(for: head, inputs: inputs, limits: limits)
    }

    /// The parts tell.
    func effort(_ inputs: RequestInputs) -> String { "" }

    /// Any does.
    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool { true }

    /// Every model takes the same.
    func rules(for request: Request, _ card: ModelCard) -> InputRules { rules }
}

/// What a task gives back.
enum Reply: Sendable {
    /// The whole answer.
    case whole(HTTPResponse)
    /// Nothing more: the answer was streamed.
    case streamed
}

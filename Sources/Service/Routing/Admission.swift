import HTTP

/// What a request must pass before its route sees it, in this order: key, rate, draining, time-out, encoding, acceptable
/// answer.
struct Admission: Sendable {
    let state: ServingState
    /// Counts wrong keys by address where there are `--api-keys`, of which a request must bring one; nil where there are none.
    let wrongKeys: RateLimiter?
    /// `--rate-limit`; nil for none.
    let rateLimiter: RateLimiter?
    /// `--open-metrics`
    let metricsAreOpen: Bool

    func check(_ request: Request, _ route: Route) throws(Problem) {
        if needsKey(route) {
            try requireKey(request)
            try limitRate(request)
            if state.phase == .draining, route.access == .keyed { throw .isDraining }
        }
        _ = try RequestTimeout.read(request.head.headers)
        try refuseEncodedBody(request.head)
        try refuseUnacceptable(request.head, route)
    }

    private func needsKey(_ route: Route) -> Bool {
        switch route.access {
        case .probe: false
        case .metrics: !metricsAreOpen
        case .keyed: true
        }
    }

    /// How many wrong keys an address may present (docs/decisions/0150).
    static let wrongKeyLimit = RateLimit(perSecond: 10.0 / 60, burst: 10)

    private func requireKey(_ request: Request) throws(Problem) {
        guard let wrongKeys else { return }
        if case .key = request.client { return }
        if request.head.headers["Authorization"] != nil,
            case .refused(let seconds) = wrongKeys.admit(.from(address: request.peer))
        {
            throw .retryLater(
                .rateLimited, after: seconds,
                "Too many wrong API keys came from this address. A right one is taken at any time; another wrong one in "
                    + "\(seconds) s.")
        }
        throw Problem(
            .unauthorized, "Send one of the server's API keys as \"Authorization: Bearer <key>\".",
            headers: HTTPHeaders([("WWW-Authenticate", "Bearer")]))
    }

    private func limitRate(_ request: Request) throws(Problem) {
        guard let rateLimiter else { return }
        if case .refused(let seconds) = rateLimiter.admit(request.client) {
            throw .retryLater(
                .rateLimited, after: seconds,
                "This client asked more often than --rate-limit admits. Try again in \(seconds) s.")
        }
    }

    /// A compressed body is not read: its decoded size would have to be bounded, and media are compressed already.
    private func refuseEncodedBody(_ head: HTTPRequestHead) throws(Problem) {
        guard let encoding = head.headers["Content-Encoding"], encoding.lowercased() != "identity" else { return }
        throw Problem(
            .unsupportedMediaType,
            "A body with Content-Encoding \"\(encoding.prefix(32))\" is not read; send it as it is.",
            headers: HTTPHeaders([("Accept-Encoding", "identity")]))
    }

    private func refuseUnacceptable(_ head: HTTPRequestHead, _ route: Route) throws(Problem) {
        guard let accept = head.headers["Accept"], accept != "*/*" else { return }
        guard Acceptance(head.headers).best(of: route.produces) == nil else { return }
        throw Problem(
            .notAcceptable,
            "The answer of this path is \(route.produces.joined(separator: " or ")), which the Accept header excludes.")
    }
}

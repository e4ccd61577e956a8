import HTTP

/// What a request must pass before its route sees it, in this order: key, rate, draining, encoding, acceptable answer.
struct Admission: Sendable {
    let state: ServingState
    /// Origins whose pages may read answers (`--cors-origin`); `*` admits every one.
    let origins: [String]

    func check(_ request: Request, _ route: Route) throws(Problem) {
        if route.access != .probe {
            if route.access == .keyed, state.phase == .draining { throw .isDraining }
        }
        try refuseEncodedBody(request.head)
        try refuseUnacceptable(request.head, route)
    }

    /// A compressed body is not read: its decoded size would have to be bounded, and media are compressed already.
    private func refuseEncodedBody(_ head: HTTPRequestHead) throws(Problem) {
        guard let encoding = head.headers["Content-Encoding"], encoding.lowercased() != "identity" else { return }
        throw Problem(
            .unsupportedMediaType, "A body with Content-Encoding \"\(encoding.prefix(32))\" is not read; send it as it is.",
            headers: HTTPHeaders([("Accept-Encoding", "identity")]))
    }

    private func refuseUnacceptable(_ head: HTTPRequestHead, _ route: Route) throws(Problem) {
        guard let accept = head.headers["Accept"], accept != "*/*" else { return }
        guard Acceptance(head.headers).best(of: route.produces) == nil else { return }
        throw Problem(
            .notAcceptable,
            "The answer of this path is \(route.produces.joined(separator: " or ")), which the Accept header excludes.")
    }

    /// The answer to `OPTIONS`, a preflight (WHATWG Fetch section 4.8) included.
    func options(_ head: HTTPRequestHead, allow: [String]) -> HTTPResponse {
        var headers = HTTPHeaders([("Allow", allow.joined(separator: ", "))])
        if allowsOrigin(of: head), head.headers["Access-Control-Request-Method"] != nil {
            headers.add("Access-Control-Allow-Methods", allow.joined(separator: ", "))
            headers.add("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Request-Id, traceparent")
            headers.add("Access-Control-Max-Age", "600")
        }
        return HTTPResponse(status: 204, headers: headers)
    }

    /// Lets pages of the named origins read the answer; others get no field at all.
    func addCrossOrigin(to headers: inout HTTPHeaders, for head: HTTPRequestHead) {
        guard !origins.isEmpty else { return }
        headers.add("Vary", "Origin")
        guard allowsOrigin(of: head), let origin = head.headers["Origin"] else { return }
        headers.add("Access-Control-Allow-Origin", origin)
        headers.add("Access-Control-Expose-Headers", "X-Request-Id, Server-Timing, Retry-After")
    }

    private func allowsOrigin(of head: HTTPRequestHead) -> Bool {
        guard let origin = head.headers["Origin"] else { return false }
        return origins.contains(origin) || origins.contains("*")
    }
}

import HTTP

/// Which pages of other origins may read answers (CORS, WHATWG Fetch section 3.2). None unless named.
struct CrossOrigin: Sendable {
    /// `--cors-origin`; `*` admits every one.
    let origins: [String]

    /// Adds the fields that let a page of a named origin read the answer; others get none.
    /// - Parameter request: the request's field lines.
    func add(to headers: inout HTTPHeaders, for request: HTTPHeaders) {
        guard !origins.isEmpty else { return }
        headers.add("Vary", "Origin")
        guard let origin = admittedOrigin(request) else { return }
        headers.add("Access-Control-Allow-Origin", origin)
        headers.add("Access-Control-Expose-Headers", "X-Request-Id, Server-Timing, Retry-After")
    }

    /// The answer to `OPTIONS`, a preflight included.
    func options(_ head: HTTPRequestHead, allow: [String]) -> HTTPResponse {
        let allowed = allow.joined(separator: ", ")
        var headers = HTTPHeaders([("Allow", allowed)])
        if admittedOrigin(head.headers) != nil, head.headers["Access-Control-Request-Method"] != nil {
            headers.add("Access-Control-Allow-Methods", allowed)
            headers.add("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Request-Id, traceparent")
            headers.add("Access-Control-Max-Age", "600")
        }
        return HTTPResponse(status: 204, headers: headers)
    }

    private func admittedOrigin(_ request: HTTPHeaders) -> String? {
        guard let origin = request["Origin"] else { return nil }
        return origins.contains(origin) || origins.contains("*") ? origin : nil
    }

    /// Whether a page can have that origin, as browsers write it (RFC 6454 section 6.2), or it is `*`. Others would be named for
    /// nothing: an origin is compared as it is.
    static func isOrigin(_ text: String) -> Bool {
        if text == "*" || text == "null" { return true }
        guard
            let match = text.wholeMatch(of: /([a-z][a-z0-9+.-]*):\/\/([a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?/)
        else { return false }
        guard let port = match.output.3 else { return true }
        let usual = ["http": "80", "https": "443"][String(match.output.1)]
        return UInt16(port).map { $0 > 0 && String($0) == port } ?? false && usual != String(port)
    }
}

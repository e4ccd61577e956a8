import HTTP

/// A request that found its route.
struct Request: Sendable {
    /// Request line and field lines.
    let head: HTTPRequestHead
    /// Its id and trace.
    let identity: RequestIdentity
    /// What stood at the names of the route's template.
    let parameters: [String: String]
    /// When its head was complete.
    let received: ContinuousClock.Instant
    /// When its answer is no longer wanted.
    let deadline: ContinuousClock.Instant
    /// Field lines that every answer to it carries.
    let ownHeaders: HTTPHeaders
    /// The way back.
    let exchange: any HTTPExchange

    /// Sends the whole answer.
    func respond(_ response: HTTPResponse) {
        var response = response
        for field in ownHeaders.fields { response.headers.add(field.name, field.value) }
        exchange.respond(response)
    }

    /// Sends a problem as the answer.
    func refuse(_ problem: Problem) {
        respond(problem.response(requestID: identity.id))
    }

    /// Starts an answer that comes in pieces; false if the client is gone.
    func startStreaming(_ headers: HTTPHeaders) -> Bool {
        var headers = headers
        for field in ownHeaders.fields { headers.add(field.name, field.value) }
        return exchange.startStreaming(status: 200, headers: headers)
    }
}

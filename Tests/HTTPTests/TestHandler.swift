import HTTP
import Synchronization

/// A handler made of a closure; failures are answered as `status code`.
struct TestHandler: RequestHandler {
    let onRequest: @Sendable (HTTPRequestHead, any HTTPExchange) -> BodyHandling

    init(_ onRequest: @escaping @Sendable (HTTPRequestHead, any HTTPExchange) -> BodyHandling) {
        self.onRequest = onRequest
    }

    func receive(_ request: HTTPRequestHead, exchange: any HTTPExchange) -> BodyHandling {
        onRequest(request, exchange)
    }

    func response(
        to failure: HTTPFailure, in message: HTTPMessageStart, exchange: any HTTPExchange
    ) -> HTTPResponse {
        HTTPResponse(status: failure.status, body: Array("\(failure.status) \(failure.code)".utf8))
    }
}

extension TestHandler {
    /// `GET /…` answers the method and path, `POST /…` the body.
    static let echo = TestHandler { request, exchange in
        if request.method == "POST" { return .deliver(to: EchoReceiver(exchange), limit: 1 << 20) }
        exchange.respond(HTTPResponse(status: 200, body: Array("\(request.method) \(request.path)".utf8)))
        return .discard
    }
}

/// Answers with the body it was given.
final class EchoReceiver: BodyReceiver {
    private let exchange: any HTTPExchange
    private var body: [UInt8] = []

    init(_ exchange: any HTTPExchange) { self.exchange = exchange }

    func receive(_ bytes: UnsafeRawBufferPointer) { body.append(contentsOf: bytes) }
    func finish() { exchange.respond(HTTPResponse(status: 200, body: body)) }
    func abort() {}
}

/// Starts a server on a free port for the time of `body`.
func withServer<Result>(
    _ handler: TestHandler = .echo, _ configure: (inout HTTPServerConfiguration) -> Void = { _ in },
    _ body: (_ address: String, _ server: HTTPServer) throws -> Result
) throws -> Result {
    var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0)
    // A test that says nothing of it is not to depend on how fast it runs.
    configuration.headerTimeout = 600
    configuration.bodyTimeout = 600
    configuration.bodyRateGrace = 600
    configuration.idleTimeout = 600
    configuration.writeTimeout = 600
    configure(&configuration)
    let server = try HTTPServer(configuration, handler: handler)
    let address = try server.start()[0]
    defer { server.drain(within: 0) }
    return try body(address, server)
}

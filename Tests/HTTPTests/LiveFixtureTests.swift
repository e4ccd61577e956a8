import HTTP
import Testing

/// The fixtures of the parser once more, through sockets: what is answered, in which order, and that nothing is answered
/// behind a refusal.
struct LiveFixtureTests {
    @Test func `every case is answered as its file says, and the connection then closes`() throws {
        let handler = TestHandler { request, exchange in
            if request.hasBody { return .deliver(to: EchoReceiver(exchange), limit: 1 << 20) }
            exchange.respond(HTTPResponse(status: 200, body: Array("\(request.method) \(request.path)".utf8)))
            return .discard
        }
        try withServer(handler) { address, _ in
            for fixture in RequestFixture.all {
                let client = try RawClient(address)
                client.send(fixture.octets)
                client.finishSending()
                for expected in fixture.requests {
                    let response = try client.response()
                    #expect(response.status == 200, "\(fixture.name)")
                    if let body = expected.parts.first(where: { $0.key == "body" })?.value {
                        #expect(response.body == body, "\(fixture.name)")
                    }
                }
                if case .refused(let status) = fixture.verdict {
                    let response = try client.response()
                    #expect(response.status == status, "\(fixture.name)")
                    #expect(response["connection"] == "close", "\(fixture.name)")
                }
                #expect(client.isAtEnd(), "\(fixture.name)")
            }
        }
    }

    @Test func `a hundred requests in one piece are answered in order, then an invalid one is refused`() throws {
        try withServer { address, _ in
            let client = try RawClient(address)
            let requests = (0..<100).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
            client.send(requests + "GET  / HTTP/1.1\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n")
            for number in 0..<100 { #expect(try client.response().text == "GET /\(number)") }
            let refusal = try client.response()
            #expect(refusal.status == 400)
            #expect(refusal.text == "400 malformed_request")
            #expect(client.isAtEnd())
        }
    }

    @Test func `pipelined requests wait for answers that come later`() throws {
        let handler = TestHandler { request, exchange in
            onAnotherThread { exchange.respond(HTTPResponse(status: 200, body: Array(request.path.utf8))) }
            return .discard
        }
        try withServer(handler) { address, _ in
            let client = try RawClient(address)
            client.send((0..<100).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for number in 0..<100 { #expect(try client.response().text == "/\(number)") }
        }
    }

    @Test func `while an answer is awaited, pipelined requests stay in the kernel`() throws {
        let waiting = Event<any HTTPExchange>()
        let handler = TestHandler { request, exchange in
            if request.path == "/slow" {
                waiting.happened(exchange)
            } else {
                exchange.respond(HTTPResponse(status: 204))
            }
            return .discard
        }
        try withServer(handler) { address, _ in
            let client = try RawClient(address)
            client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            let exchange = try #require(waiting.wait())
            // More than the socket buffers of both sides hold: the client must be held up, not the server filled.
            client.makeNonBlocking()
            let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            let sent = client.sendUntilBlocked(repeating: request, atMost: 64 << 20)
            #expect(sent < 64 << 20)
            exchange.respond(HTTPResponse(status: 200))
        }
    }
}

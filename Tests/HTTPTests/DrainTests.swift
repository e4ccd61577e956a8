import HTTP
import Testing

/// Ending a server while connections are in every state.
struct DrainTests {
    private static func silent(_ arrived: Event<any HTTPExchange>) -> TestHandler {
        TestHandler { _, exchange in
            arrived.happened(exchange)
            return .discard
        }
    }

    @Test func `a request under way is finished, told to close, and only then is the server done`() throws {
        let arrived = Event<any HTTPExchange>()
        try withServer(Self.silent(arrived)) { address, server in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let exchange = try #require(arrived.wait())
            let done = Event<Bool>()
            onAnotherThread { done.happened(server.drain(within: 600)) }
            exchange.respond(HTTPResponse(status: 200, body: Array("done".utf8)))
            let response = try client.response()
            #expect(response.text == "done")
            client.finishSending()
            #expect(client.isAtEnd())
            #expect(done.wait() == true)
        }
    }

    @Test func `a stream under way is finished too`() throws {
        let started = Event<any HTTPExchange>()
        let handler = TestHandler { _, exchange in
            exchange.startStreaming(status: 200, headers: HTTPHeaders())
            exchange.write(Array("one ".utf8))
            started.happened(exchange)
            return .discard
        }
        try withServer(handler) { address, server in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let exchange = try #require(started.wait())
            let done = Event<Bool>()
            onAnotherThread { done.happened(server.drain(within: 600)) }
            exchange.write(Array("two".utf8))
            exchange.endStream()
            #expect(try client.response().text == "one two")
            client.finishSending()
            #expect(client.isAtEnd())
            #expect(done.wait() == true)
        }
    }

    @Test func `a request whose head or body is on its way is still served`() throws {
        let begun = Event<Bool>()
        let handler = TestHandler { request, exchange in
            begun.happened()
            return .deliver(to: EchoReceiver(exchange), limit: 100)
        }
        try withServer(handler) { address, server in
            let inBody = try RawClient(address)
            inBody.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
            #expect(begun.wait() == true)
            let done = Event<Bool>()
            onAnotherThread { done.happened(server.drain(within: 600)) }
            inBody.send("cd")
            let response = try inBody.response()
            #expect(response.text == "abcd")
            inBody.finishSending()
            #expect(inBody.isAtEnd())
            #expect(done.wait() == true)
        }
    }

    @Test func `what is not finished in time is cancelled, and the server says so`() throws {
        let arrived = Event<any HTTPExchange>()
        let cancelled = Event<Bool>()
        try withServer(Self.silent(arrived)) { address, server in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let exchange = try #require(arrived.wait())
            exchange.onCancel { cancelled.happened() }
            #expect(server.drain(within: 0.02) == false)
            #expect(cancelled.wait() == true)
            #expect(server.connectionCount == 0)
            #expect(client.rest().isEmpty)
            #expect(!exchange.respond(HTTPResponse(status: 200)))
        }
    }

    @Test func `a server that stopped accepting refuses new connections and serves old ones`() throws {
        try withServer { address, server in
            let old = try RawClient(address)
            old.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try old.response().text == "GET /a")
            server.stopAccepting()
            // The loop obeys in its order of messages: once it serves a later request, the listener is closed.
            old.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try old.response().text == "GET /b")
            old.send("GET /c HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try old.response().text == "GET /c")
            #expect(!RawClient.isAccepted(at: address))
        }
    }

    @Test func `a server about to leave serves old and new connections, each answer the last of its connection`() throws
    {
        try withServer { address, server in
            let old = try RawClient(address)
            old.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try old.response()["connection"] == nil)
            server.closeAfterAnswers()
            for client in [old, try RawClient(address)] {
                client.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try client.response()
                #expect(response.text == "GET /b")
                #expect(response["connection"] == "close")
                #expect(client.isAtEnd())
            }
        }
    }

    @Test func `draining twice, or before starting, does nothing`() throws {
        let server = try HTTPServer(HTTPServerConfiguration(port: 0), handler: TestHandler.echo)
        #expect(server.drain(within: 600))
        _ = try server.start()
        #expect(server.drain(within: 600))
        #expect(server.drain(within: 600))
    }
}

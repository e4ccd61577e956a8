import HTTP
import Testing

/// What happens when the client goes away, and when it only seems to.
struct CancellationTests {
    /// Keeps the exchange of each request and answers nothing.
    private static func silent(_ arrived: Event<any HTTPExchange>, _ cancelled: Event<Bool>) -> TestHandler {
        TestHandler { _, exchange in
            exchange.onCancel { cancelled.happened() }
            arrived.happened(exchange)
            return .discard
        }
    }

    @Test func `half-close is no cancellation: the answer is still sent`() throws {
        let (arrived, cancelled) = (Event<any HTTPExchange>(), Event<Bool>())
        try withServer(Self.silent(arrived, cancelled)) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            client.finishSending()
            let exchange = try #require(arrived.wait())
            #expect(!exchange.isCancelled)
            #expect(exchange.respond(HTTPResponse(status: 200, body: Array("still".utf8))))
            let response = try client.response()
            #expect(response.text == "still")
            #expect(response.interim == [])
            #expect(client.isAtEnd())
        }
    }

    @Test func `a half-closed client that waits long is sent an interim answer and then its own`() throws {
        let (arrived, cancelled) = (Event<any HTTPExchange>(), Event<Bool>())
        try withServer(Self.silent(arrived, cancelled)) { configuration in
            configuration.halfCloseProbe = 0.02
        } _: { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            client.finishSending()
            let exchange = try #require(arrived.wait())
            #expect(client.isReadable(within: 5000))
            #expect(!exchange.isCancelled)
            exchange.respond(HTTPResponse(status: 200))
            let response = try client.response()
            #expect(response.interim == [100])
            #expect(response.status == 200)
        }
    }

    @Test func `a client that was killed is found out and its request cancelled`() throws {
        let (arrived, cancelled) = (Event<any HTTPExchange>(), Event<Bool>())
        try withServer(Self.silent(arrived, cancelled)) { configuration in
            configuration.halfCloseProbe = 0.02
        } _: { address, _ in
            var client: RawClient? = try RawClient(address)
            client?.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let exchange = try #require(arrived.wait())
            client = nil
            #expect(cancelled.wait() == true)
            #expect(exchange.isCancelled)
            #expect(!exchange.respond(HTTPResponse(status: 200)))
        }
    }

    @Test func `a reset cancels a request whose answer is awaited`() throws {
        let (arrived, cancelled) = (Event<any HTTPExchange>(), Event<Bool>())
        try withServer(Self.silent(arrived, cancelled)) { address, server in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let exchange = try #require(arrived.wait())
            let completed = Event<[Int?]>()
            exchange.onComplete { status, bytes in completed.happened([status, bytes]) }
            client.reset()
            #expect(cancelled.wait() == true)
            #expect(completed.wait() == [nil, 0])
            #expect(exchange.isCancelled)
            // A later interest is served at once.
            let again = Event<Bool>()
            exchange.onCancel { again.happened() }
            #expect(again.wait() == true)
            #expect(server.drain(within: 600))
        }
    }

    @Test(arguments: [true, false]) func `a client that goes away within its body aborts it`(_ withReset: Bool) throws {
        let (started, aborted, cancelled) = (Event<Bool>(), Event<Bool>(), Event<Bool>())
        final class Receiver: BodyReceiver {
            let started, aborted: Event<Bool>
            init(_ started: Event<Bool>, _ aborted: Event<Bool>) { (self.started, self.aborted) = (started, aborted) }
            func receive(_ bytes: UnsafeRawBufferPointer) { started.happened() }
            func finish() { aborted.happened(false) }
            func abort() { aborted.happened(true) }
        }
        let handler = TestHandler { _, exchange in
            exchange.onCancel { cancelled.happened() }
            return .deliver(to: Receiver(started, aborted), limit: 100)
        }
        try withServer(handler) { address, _ in
            let client = try RawClient(address)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123")
            #expect(started.wait() == true)
            if withReset { client.reset() } else { client.finishSending() }
            #expect(aborted.wait() == true)
            #expect(cancelled.wait() == true)
        }
    }

    @Test func `a client that resets its stream ends it`() throws {
        let (arrived, cancelled) = (Event<any HTTPExchange>(), Event<Bool>())
        let handler = TestHandler { _, exchange in
            exchange.onCancel { cancelled.happened() }
            exchange.startStreaming(status: 200, headers: HTTPHeaders())
            exchange.write([65])
            arrived.happened(exchange)
            return .discard
        }
        try withServer(handler) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let exchange = try #require(arrived.wait())
            client.reset()
            #expect(cancelled.wait() == true)
            #expect(!exchange.write([66]))
        }
    }

    @Test func `one client's end touches no other's request`() throws {
        let exchanges = Event<any HTTPExchange>()
        let handler = TestHandler { _, exchange in
            exchanges.happened(exchange)
            return .discard
        }
        try withServer(handler) { address, _ in
            let (leaving, staying) = (try RawClient(address), try RawClient(address))
            leaving.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let first = try #require(exchanges.wait())
            staying.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let second = try #require(exchanges.wait())
            let gone = Event<Bool>()
            first.onCancel { gone.happened() }
            leaving.reset()
            #expect(gone.wait() == true)
            #expect(!second.isCancelled)
            second.respond(HTTPResponse(status: 200))
            #expect(try staying.response().status == 200)
        }
    }
}

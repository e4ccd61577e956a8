import HTTP
import Testing

/// Every time bound, set so small that waiting for it costs nothing; the tests block on the socket, not on a clock.
struct TimeoutTests {
    @Test func `a head that drips is refused when its whole time is over`() throws {
        try withServer {
            $0.headerTimeout = 0.15
        } _: { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n")
            // Each octet comes well within the time; only all of them together do not.
            var drips = 0
            while !client.isReadable(within: 20), drips < 400 {
                client.send("X")
                drips += 1
            }
            let response = try client.response()
            #expect(response.status == 408)
            #expect(response.text == "408 request_timeout")
            #expect(client.isAtEnd())
            #expect(drips > 0)
        }
    }

    @Test func `a connection that sends nothing is closed without a word`() throws {
        try withServer {
            $0.headerTimeout = 0.05
        } _: { address, _ in
            let client = try RawClient(address)
            #expect(client.isAtEnd())
        }
    }

    @Test func `an idle connection is closed without a word`() throws {
        try withServer {
            $0.idleTimeout = 0.05
        } _: { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response().status == 200)
            #expect(client.isAtEnd())
        }
    }

    @Test func `an empty line behind a request begins no other`() throws {
        try withServer {
            $0.headerTimeout = 5
            $0.idleTimeout = 0.05
        } _: { address, _ in
            let client = try RawClient(address)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nA\r\n")
            #expect(try client.response().text == "A")
            #expect(client.isAtEnd())
        }
    }

    @Test func `a body that stops is refused`() throws {
        try withServer {
            $0.bodyTimeout = 0.05
        } _: { address, _ in
            let client = try RawClient(address)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123")
            #expect(try client.response().status == 408)
            #expect(client.isAtEnd())
        }
    }

    @Test func `a body that drips below the least rate is refused`() throws {
        try withServer {
            $0.bodyRateGrace = 0.05
            $0.minUploadRate = 1000
        } _: { address, _ in
            let client = try RawClient(address)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            var drips = 0
            while !client.isReadable(within: 10), drips < 800 {
                client.send("X")
                drips += 1
            }
            #expect(try client.response().status == 408)
        }
    }

    @Test func `a client that does not read its answer is dropped`() throws {
        let completed = Event<[Int?]>()
        let cancelled = Event<Bool>()
        let size = 32 << 20
        let handler = TestHandler { _, exchange in
            exchange.onComplete { status, bytes in completed.happened([status, bytes]) }
            exchange.onCancel { cancelled.happened() }
            exchange.respond(HTTPResponse(status: 200, body: [UInt8](repeating: 65, count: size)))
            return .discard
        }
        try withServer(handler) {
            $0.writeTimeout = 0.05
        } _: { address, _ in
            let client = try RawClient(address, receiveBuffer: 1024)
            defer { withExtendedLifetime(client) {} }
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let outcome = try #require(completed.wait())
            #expect(outcome[0] == 200)
            #expect(try #require(outcome[1]) < size)
            #expect(cancelled.wait() == true)
        }
    }

    @Test func `a client that never closes is not waited for`() throws {
        try withServer {
            $0.lingerTimeout = 0.05
        } _: { address, server in
            let client = try RawClient(address)
            client.send("GET  / HTTP/1.1\r\n\r\n")
            #expect(try client.response().status == 400)
            #expect(client.isAtEnd())
            #expect(server.drain(within: 600))
        }
    }

    @Test func `waiting for a slow handler is no time-out`() throws {
        let arrived = Event<any HTTPExchange>()
        let handler = TestHandler { request, exchange in
            if request.path == "/slow" {
                arrived.happened(exchange)
            } else {
                exchange.respond(HTTPResponse(status: 200))
            }
            return .discard
        }
        try withServer(handler) {
            $0.headerTimeout = 0.02
            $0.idleTimeout = 0.02
            $0.bodyTimeout = 0.02
            $0.writeTimeout = 0.02
        } _: { address, _ in
            let client = try RawClient(address)
            client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            let exchange = try #require(arrived.wait())
            // Another connection's time-outs pass in the meantime.
            for _ in 0..<3 {
                let other = try RawClient(address)
                #expect(other.isAtEnd())
            }
            exchange.respond(HTTPResponse(status: 200))
            #expect(try client.response().status == 200)
        }
    }
}

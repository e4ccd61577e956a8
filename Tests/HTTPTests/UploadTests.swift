import HTTP
import Testing

/// Bodies: expectations, limits, refusals before the end.
struct UploadTests {
    /// Refuses at the head with 401.
    static let refusing = TestHandler { _, exchange in
        exchange.respond(HTTPResponse(status: 401, body: Array("no".utf8)))
        return .discard
    }

    /// Takes ten octets at most.
    static let small = TestHandler { _, exchange in .deliver(to: EchoReceiver(exchange), limit: 10) }

    @Test(arguments: ["100-continue", "100-CONTINUE"]) func `an expected continue is sent, then the body is read`(
        _ expectation: String
    ) throws {
        try withServer { address, _ in
            let client = try RawClient(address)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: \(expectation)\r\nContent-Length: 5\r\n\r\n")
            #expect(String(decoding: try client.some(), as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
            client.send("hello")
            #expect(try client.response().text == "hello")
        }
    }

    @Test func `a body that is there already needs no continue`() throws {
        try withServer { address, _ in
            let client = try RawClient(address)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
            let response = try client.response()
            #expect(response.interim == [] && response.text == "hello")
        }
    }

    @Test func `a refusal comes in place of the continue`() throws {
        try withServer(Self.refusing) { address, _ in
            let client = try RawClient(address)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            let response = try client.response()
            #expect(response.status == 401 && response.interim == [])
            #expect(response["connection"] == "close")
            #expect(client.isAtEnd())
        }
    }

    @Test func `a length over the limit is refused in place of the continue`() throws {
        try withServer(Self.small) { address, _ in
            let client = try RawClient(address)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n")
            let response = try client.response()
            #expect(response.status == 413 && response.interim == [])
            #expect(response.text == "413 body_too_large")
            #expect(client.isAtEnd())
        }
    }

    @Test func `a body at the limit is taken`() throws {
        try withServer(Self.small) { address, _ in
            let client = try RawClient(address)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789")
            #expect(try client.response().text == "0123456789")
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n")
            #expect(try client.response().text == "0123456789")
        }
    }

    @Test func `chunks are refused at the size that passes the limit, and the receiver hears of it`() throws {
        let aborted = Event<Bool>()
        final class Receiver: BodyReceiver {
            let aborted: Event<Bool>
            init(_ aborted: Event<Bool>) { self.aborted = aborted }
            func receive(_ bytes: UnsafeRawBufferPointer) {}
            func finish() { aborted.happened(false) }
            func abort() { aborted.happened(true) }
        }
        try withServer(TestHandler { _, _ in .deliver(to: Receiver(aborted), limit: 10) }) { address, _ in
            let client = try RawClient(address)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n3\r\n")
            #expect(try client.response().status == 413)
            #expect(aborted.wait() == true)
        }
    }

    @Test(arguments: [false, true]) func `a refused upload still gets its answer`(_ chunked: Bool) throws {
        try withServer(Self.small) { address, _ in
            let client = try RawClient(address)
            // A client that reads only when everything is sent, as many do: a reset would take the answer from it.
            let megabyte = [UInt8](repeating: 65, count: 1 << 20)
            if chunked {
                client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in 0..<20 { client.send(Array("100000\r\n".utf8) + megabyte + Array("\r\n".utf8)) }
                client.send("0\r\n\r\n")
            } else {
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(20 << 20)\r\n\r\n")
                for _ in 0..<20 { client.send(megabyte) }
            }
            let response = try client.response()
            #expect(response.status == 413)
            #expect(response["connection"] == "close")
            #expect(client.isAtEnd())
        }
    }

    @Test func `a receiver may refuse in the midst of the body`() throws {
        final class Receiver: BodyReceiver {
            let exchange: any HTTPExchange
            let aborted: Event<Bool>
            init(_ exchange: any HTTPExchange, _ aborted: Event<Bool>) {
                (self.exchange, self.aborted) = (exchange, aborted)
            }
            func receive(_ bytes: UnsafeRawBufferPointer) { exchange.respond(HTTPResponse(status: 415)) }
            func finish() { aborted.happened(false) }
            func abort() { aborted.happened(true) }
        }
        let aborted = Event<Bool>()
        try withServer(TestHandler { _, exchange in .deliver(to: Receiver(exchange, aborted), limit: 1 << 30) }) {
            address, _ in
            let client = try RawClient(address)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\nsome")
            #expect(try client.response().status == 415)
            #expect(aborted.wait() == true)
            #expect(client.isAtEnd())
        }
    }

    @Test func `the rest of a small refused body is skipped and the connection kept`() throws {
        try withServer(Self.refusing) { address, _ in
            let client = try RawClient(address)
            for _ in 0..<3 {
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
                let response = try client.response()
                #expect(response.status == 401 && response["connection"] == nil)
                client.send("hello")
            }
        }
    }

    @Test func `a body nobody asked for is dropped`() throws {
        let handler = TestHandler { _, exchange in
            onAnotherThread { exchange.respond(HTTPResponse(status: 200)) }
            return .discard
        }
        try withServer(handler) { address, _ in
            let client = try RawClient(address)
            for _ in 0..<20 {
                client.send("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
                #expect(try client.response().status == 200)
            }
        }
    }

    @Test func `a large body arrives whole and in order`() throws {
        let body = (0..<900_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 9) }
        try withServer { address, _ in
            let client = try RawClient(address)
            client.send(Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
            #expect(try client.response().body == body)
        }
    }
}

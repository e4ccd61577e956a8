import HTTP
import Testing

/// Answers of unknown length.
struct StreamingTests {
    static let three = TestHandler { _, exchange in
        exchange.startStreaming(status: 200, headers: HTTPHeaders([("Content-Type", "text/event-stream")]))
        onAnotherThread {
            for word in ["one ", "", "two ", "three"] { exchange.write(Array(word.utf8)) }
            exchange.endStream()
        }
        return .discard
    }

    @Test func `a stream is chunked, and the connection is kept`() throws {
        try withServer(Self.three) { address, _ in
            let client = try RawClient(address)
            for _ in 0..<2 {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try client.response()
                #expect(response["transfer-encoding"] == "chunked")
                #expect(response["content-type"] == "text/event-stream")
                #expect(response["content-length"] == nil)
                #expect(response.text == "one two three")
            }
        }
    }

    @Test func `to HTTP/1.0 a stream ends with the connection`() throws {
        try withServer(Self.three) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let response = try client.response()
            #expect(response["transfer-encoding"] == nil && response["connection"] == "close")
            #expect(response.text == "one two three")
        }
    }

    @Test func `HEAD of a stream has its fields and no chunks`() throws {
        try withServer(Self.three) { address, _ in
            let client = try RawClient(address)
            client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response(toHead: true)["transfer-encoding"] == "chunked")
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response().text == "one two three")
        }
    }

    @Test func `each piece is sent when it is written`() throws {
        let started = Event<any HTTPExchange>()
        let handler = TestHandler { _, exchange in
            exchange.startStreaming(status: 200, headers: HTTPHeaders())
            started.happened(exchange)
            return .discard
        }
        try withServer(handler) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.0\r\n\r\n")
            let exchange = try #require(started.wait())
            exchange.write(Array("now".utf8))
            var text = ""
            while !text.hasSuffix("now") { text += String(decoding: try client.some(), as: UTF8.self) }
            exchange.endStream()
            #expect(client.isAtEnd())
        }
    }

    @Test func `a client that does not read its stream counts as gone once the bound is passed`() throws {
        let cancelled = Event<Bool>()
        let refused = Event<Bool>()
        let completed = Event<[Int?]>()
        let handler = TestHandler { _, exchange in
            exchange.onCancel { cancelled.happened() }
            exchange.onComplete { status, bytes in completed.happened([status, bytes]) }
            exchange.startStreaming(status: 200, headers: HTTPHeaders())
            onAnotherThread {
                let piece = [UInt8](repeating: 65, count: 60_000)
                var pieces = 0
                while exchange.write(piece), pieces < 10_000 { pieces += 1 }
                refused.happened(pieces < 10_000)
            }
            return .discard
        }
        try withServer(handler) { configuration in
            configuration.maxStreamBacklog = 200_000
        } _: { address, _ in
            let client = try RawClient(address, receiveBuffer: 1024)
            defer { withExtendedLifetime(client) {} }
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(refused.wait() == true)
            #expect(cancelled.wait() == true)
            #expect(completed.wait()?.first == 200)
        }
    }
}

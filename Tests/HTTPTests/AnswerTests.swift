import HTTP
import Testing

/// What stands in an answer, by status, method and version (RFC 9110, RFC 9112 sections 6 and 9).
struct AnswerTests {
    static func fixed(_ response: HTTPResponse) -> TestHandler {
        TestHandler { _, exchange in
            exchange.respond(response)
            return .discard
        }
    }

    @Test func `an answer has a status line, a date and the exact length in octets`() throws {
        try withServer(Self.fixed(HTTPResponse(status: 200, body: Array("grüße 🐕".utf8)))) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let text = String(decoding: client.rest(), as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\nDate: "))
            #expect(text.contains("\r\nContent-Length: 12\r\n"))
            #expect(text.hasSuffix("\r\n\r\ngrüße 🐕"))
            #expect(
                try #require(text.firstMatch(of: /Date: ([^\r]*)\r\n/)).output.1.wholeMatch(
                    of: /(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/) != nil)
        }
    }

    @Test func `HEAD is answered with the fields of GET and no content, and shifts no later answer`() throws {
        try withServer(Self.fixed(HTTPResponse(status: 200, body: Array("hello".utf8)))) { address, _ in
            let client = try RawClient(address)
            client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let head = try client.response(toHead: true)
            #expect(head["content-length"] == "5")
            #expect(try client.response().text == "hello")
        }
    }

    @Test(arguments: [204, 304]) func `an answer without content has no length either`(_ status: Int) throws {
        try withServer(Self.fixed(HTTPResponse(status: status, body: Array("never".utf8)))) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let first = try client.response()
            #expect(first.status == status)
            #expect(first["content-length"] == nil && first["transfer-encoding"] == nil)
            #expect(try client.response().status == status)
            #expect(client.isAtEnd())
        }
    }

    @Test func `an empty answer says that its length is 0`() throws {
        try withServer(Self.fixed(HTTPResponse(status: 404))) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response()["content-length"] == "0")
        }
    }

    @Test func `no value breaks out of its line`() throws {
        let headers = HTTPHeaders([
            ("X-Request-Id", "a\r\nSet-Cookie: x"), ("X-Nul", "a\0b"), ("Bad Name", "x"), ("X\r\nY", "x"),
            ("X-Good", "é"),
        ])
        try withServer(Self.fixed(HTTPResponse(status: 200, headers: headers))) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try client.response()
            #expect(response["x-request-id"] == "a  Set-Cookie: x")
            #expect(response["set-cookie"] == nil)
            #expect(response["x-nul"] == "a b")
            #expect(response["x-good"] == "é")
            #expect(!response.fields.contains { $0.name.contains(" ") || $0.name == "Y" || $0.name == "X" })
        }
    }

    @Test func `framing fields of a handler are left out`() throws {
        let headers = HTTPHeaders([
            ("content-length", "99"), ("Transfer-Encoding", "chunked"), ("CONNECTION", "close"), ("date", "never"),
            ("Keep-Alive", "timeout=5"),
        ])
        try withServer(Self.fixed(HTTPResponse(status: 200, headers: headers, body: [65]))) { address, _ in
            let client = try RawClient(address)
            for _ in 0..<2 {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try client.response()
                #expect(response.text == "A")
                #expect(response.fields.map { $0.name } == ["Date", "Content-Length"])
            }
        }
    }

    @Test func `Connection close is honoured in any spelling and said back`() throws {
        try withServer { address, _ in
            let client = try RawClient(address)
            client.send("GET /a HTTP/1.1\r\nHost: a\r\nconnection: x, CLOSE\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try client.response()
            #expect(response.text == "GET /a")
            #expect(response["connection"] == "close")
            #expect(client.isAtEnd())
        }
    }

    @Test func `a handler may close the connection`() throws {
        try withServer(Self.fixed(HTTPResponse(status: 200, closesConnection: true))) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response()["connection"] == "close")
            #expect(client.isAtEnd())
        }
    }

    @Test func `HTTP/1.0 closes unless it asks to stay, and is told so`() throws {
        try withServer { address, _ in
            let client = try RawClient(address)
            client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try client.response()["connection"] == "keep-alive")
            client.send("GET /b HTTP/1.0\r\n\r\n")
            #expect(try client.response()["connection"] == "close")
            #expect(client.isAtEnd())
        }
    }

    @Test func `only the first answer counts`() throws {
        let second = Event<Bool>()
        let handler = TestHandler { _, exchange in
            exchange.respond(HTTPResponse(status: 200))
            let accepted =
                exchange.respond(HTTPResponse(status: 500))
                || exchange.startStreaming(status: 500, headers: HTTPHeaders())
            second.happened(accepted)
            return .discard
        }
        try withServer(handler) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try client.response().status == 200)
            #expect(second.wait() == false)
            #expect(client.isAtEnd())
        }
    }

    @Test func `completion reports the status and the content sent`() throws {
        let completed = Event<[Int?]>()
        let handler = TestHandler { _, exchange in
            exchange.onComplete { status, bytes in completed.happened([status, bytes]) }
            exchange.respond(HTTPResponse(status: 201, body: Array("hello".utf8)))
            return .discard
        }
        try withServer(handler) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.response()
            #expect(completed.wait() == [201, 5])
        }
    }

    @Test func `a large answer arrives whole through a narrow socket`() throws {
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        try withServer(Self.fixed(HTTPResponse(status: 200, body: body))) { address, _ in
            let client = try RawClient(address, receiveBuffer: 1024)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response().body == body)
            #expect(try client.response().body == body)
        }
    }

    @Test func `the peer's address is told without its port`() throws {
        let handler = TestHandler { _, exchange in
            exchange.respond(HTTPResponse(status: 200, body: Array(exchange.peerAddress.utf8)))
            return .discard
        }
        try withServer(handler) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response().text == "127.0.0.1")
        }
    }
}

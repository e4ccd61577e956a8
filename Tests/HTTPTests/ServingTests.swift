import HTTP
import Testing

struct ServingTests {
    @Test func `a connection serves one request after the other`() throws {
        try withServer { address, _ in
            let client = try RawClient(address)
            for path in ["/a", "/b", "/c"] {
                client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try client.response().text == "GET \(path)")
            }
        }
    }

    @Test func `a body of known length reaches its receiver and the answer comes back`() throws {
        try withServer { address, _ in
            let client = try RawClient(address)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try client.response().text == "hello")
        }
    }

    @Test func `an answer may come later from another thread`() throws {
        let handler = TestHandler { _, exchange in
            onAnotherThread { exchange.respond(HTTPResponse(status: 201, body: Array("later".utf8))) }
            return .discard
        }
        try withServer(handler) { address, _ in
            let client = try RawClient(address)
            for _ in 0..<50 {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try client.response()
                #expect(response.status == 201)
                #expect(response.text == "later")
            }
        }
    }

    @Test func `draining closes idle connections and ends the server`() throws {
        try withServer { address, server in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.response()
            #expect(server.connectionCount == 1)
            #expect(server.drain(within: 600))
            #expect(client.isAtEnd())
            #expect(server.connectionCount == 0)
        }
    }
}

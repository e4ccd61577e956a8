import Glibc
import HTTP
import Testing

/// Where a server listens, and how many connections it takes.
struct ListeningTests {
    @Test func `a taken port is named`() throws {
        try withServer { address, _ in
            let port = try #require(Int(address.split(separator: ":")[1]))
            let second = try HTTPServer(
                HTTPServerConfiguration(host: "127.0.0.1", port: port), handler: TestHandler.echo)
            let error = #expect(throws: HTTPServerError.self) { try second.start() }
            #expect(error?.description.contains("127.0.0.1:\(port)") == true)
        }
    }

    @Test(arguments: ["no such host", "999.0.0.1"]) func `a host that is none is named`(_ host: String) throws {
        let server = try HTTPServer(HTTPServerConfiguration(host: host, port: 0), handler: TestHandler.echo)
        let error = #expect(throws: HTTPServerError.self) { try server.start() }
        #expect(error?.description.contains(host) == true)
    }

    @Test func `a port that is none and senseless bounds are refused`() throws {
        let server = try HTTPServer(HTTPServerConfiguration(port: 70_000), handler: TestHandler.echo)
        #expect(throws: HTTPServerError.self) { try server.start() }
        var configuration = HTTPServerConfiguration(port: 0)
        configuration.loops = 0
        #expect(throws: HTTPServerError.self) { try HTTPServer(configuration, handler: TestHandler.echo) }
        configuration.loops = 1
        configuration.maxConnections = 0
        #expect(throws: HTTPServerError.self) { try HTTPServer(configuration, handler: TestHandler.echo) }
    }

    @Test func `a server starts once`() throws {
        try withServer { _, server in
            let error = #expect(throws: HTTPServerError.self) { try server.start() }
            #expect(error?.description.contains("once") == true)
        }
    }

    @Test(arguments: ["localhost", "0.0.0.0", "127.0.0.1"]) func `IPv4 clients reach it under any name for it`(
        _ host: String
    ) throws {
        let server = try HTTPServer(HTTPServerConfiguration(host: host, port: 0), handler: TestHandler.echo)
        let addresses = try server.start()
        defer { server.drain(within: 0) }
        // Every address of the host has the same port.
        #expect(Set(addresses.map { $0.split(separator: ":").last }).count == 1)
        let client = try RawClient(addresses[0])
        client.send("GET /here HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response().text == "GET /here")
    }

    @Test(.enabled(if: Self.hasIPv6))
    func `the IPv6 wildcard serves IPv4 too, and tells its clients' addresses plainly`() throws {
        let handler = TestHandler { _, exchange in
            exchange.respond(HTTPResponse(status: 200, body: Array(exchange.peerAddress.utf8)))
            return .discard
        }
        let server = try HTTPServer(HTTPServerConfiguration(host: "::", port: 0), handler: handler)
        let addresses = try server.start()
        defer { server.drain(within: 0) }
        #expect(addresses[0].hasPrefix("[::]:"))
        let client = try RawClient(addresses[0])
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response().text == "127.0.0.1")
    }

    static var hasIPv6: Bool {
        let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_addr = in6addr_loopback
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
            }
        }
    }

    @Test func `several loops share the connections`() throws {
        try withServer {
            $0.loops = 3
        } _: { address, server in
            let clients = try (0..<9).map { _ in try RawClient(address) }
            for _ in 0..<3 {
                for client in clients { client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
                for client in clients { #expect(try client.response().status == 200) }
            }
            withExtendedLifetime(clients) { #expect(server.connectionCount == 9) }
            #expect(server.drain(within: 600))
        }
    }

    @Test func `limits of the configuration are those of the wire`() throws {
        try withServer {
            $0.maxTarget = 100
            $0.maxHeaders = 5
            $0.maxHeaderBytes = 200
        } _: { address, _ throws in
            func status(_ request: String) throws -> Int {
                let client = try RawClient(address)
                client.send(request)
                return try client.response().status
            }
            #expect(try status("GET /\(String(repeating: "a", count: 99)) HTTP/1.1\r\nHost: a\r\n\r\n") == 200)
            #expect(try status("GET /\(String(repeating: "a", count: 100)) HTTP/1.1\r\nHost: a\r\n\r\n") == 414)
            #expect(try status("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n") == 200)
            #expect(try status("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n\r\n") == 431)
            #expect(try status("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 200))\r\n\r\n") == 431)
        }
    }

    @Test func `interrupted system calls lose nothing`() throws {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        var before = sigaction()
        sigaction(SIGURG, &action, &before)
        defer { sigaction(SIGURG, &before, nil) }
        let body = [UInt8](repeating: 66, count: 500_000)
        try withServer { address, _ in
            let client = try RawClient(address)
            for _ in 0..<20 {
                client.send(Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n".utf8))
                kill(getpid(), SIGURG)
                client.send(body)
                kill(getpid(), SIGURG)
                #expect(try client.response().body.count == body.count)
            }
        }
    }
}

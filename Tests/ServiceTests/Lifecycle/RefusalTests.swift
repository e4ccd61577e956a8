import HTTP
import Testing

@testable import Service

/// What is refused before a route could answer it, over sockets, with the log that an operator reads.
@Suite struct `Refusals over sockets` {
    /// The fields of each line of the access log.
    private struct Log {
        let pipe: LogPipe
        let sink: LogSink

        init() throws {
            pipe = try LogPipe()
            sink = LogSink(.text, descriptor: pipe.writing)
        }

        /// To be called once, when everything has been answered.
        func lines() -> [String] {
            #expect(sink.flush())
            return pipe.lines()
        }
    }

    private func serve(_ configure: (inout ServiceConfiguration) -> Void = { _ in }) throws -> (Harness, Log, String) {
        let log = try Log()
        let harness = try Harness(accessLog: log.sink) {
            $0.corsOrigins = ["https://a.example"]
            configure(&$0)
        }
        return (harness, log, try #require(try harness.service.start().first))
    }

    private func answer(_ address: String, _ bytes: String) throws -> Answer {
        let client = try LiveClient(address)
        client.send(rest: Array(bytes.utf8))
        return client.answer()
    }

    @Test func `a body that the server refuses keeps the request's id and origin, and counts once`() throws {
        let (harness, log, address) = try serve { $0.maxBody = 1000 }
        let head = "POST /v1/caption HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\nOrigin: https://a.example\r\n"
        for rest in [
            "Content-Type: image/jpeg\r\nContent-Length: 100000\r\n\r\n",
            "Content-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\nFFFFF\r\n",
        ] {
            let refused = try answer(address, head + rest)
            #expect(refused.status == 413)
            #expect(refused.headers.values("X-Request-Id") == ["mine"])
            #expect(refused.string("request_id") == "mine")
            #expect(refused.headers["Access-Control-Allow-Origin"] == "https://a.example")
        }
        let broken = try answer(address, head + "Content-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")
        #expect(broken.status == 400)
        #expect(broken.headers.values("X-Request-Id") == ["mine"])
        #expect(harness.service.drain())
        let lines = log.lines()
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { $0.contains("request_id=mine peer=127.0.0.1 method=POST route=/v1/caption ") })
        #expect(lines.count { $0.contains("status=413 problem=body_too_large") } == 2)
        #expect(harness.hasMetric(#"sensorium_rejected_total{reason="body_too_large"} 2"#))
        #expect(
            harness.hasMetric(#"sensorium_http_requests_total{route="/v1/caption",method="POST",status="413"} 2"#))
    }

    @Test func `a body that comes too slowly keeps the request's id and origin`() throws {
        let (harness, log, address) = try serve { $0.http.bodyTimeout = 0.05 }
        let refused = try answer(
            address,
            "POST /v1/caption HTTP/1.1\r\nHost: a\r\nX-Request-Id: slow\r\nOrigin: https://a.example\r\n"
                + "Content-Type: image/jpeg\r\nContent-Length: 100\r\n\r\n")
        #expect(refused.status == 408)
        #expect(refused.headers["X-Request-Id"] == "slow")
        #expect(refused.headers["Access-Control-Allow-Origin"] == "https://a.example")
        #expect(harness.service.drain())
        let lines = log.lines()
        #expect(lines.count == 1)
        #expect(lines.first?.contains("request_id=slow") == true)
        #expect(lines.first?.contains("status=408 problem=request_timeout") == true)
    }

    @Test(arguments: [
        ("GARBAGE\r\n\r\n", 400, "malformed_request"),
        ("GET / HTTP/1.1\r\n\r\n", 400, "malformed_request"),
        ("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\n\r\n", 414, "target_too_long"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 20_000))\r\n\r\n", 431, "headers_too_large"),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", 417, "expectation_failed"),
        ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method_not_implemented"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501,
            "transfer_coding_not_implemented"
        ),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "http_version_not_supported"),
    ])
    func `a message that is no request has a line with peer, status, problem and the id that was answered`(
        _ bytes: String, _ status: Int, _ code: String
    ) throws {
        let (harness, log, address) = try serve()
        let refused = try answer(address, bytes)
        #expect(refused.status == status)
        #expect(refused.code == code)
        let id = try #require(refused.headers["X-Request-Id"])
        #expect(refused.string("request_id") == id)
        #expect(harness.service.drain())
        let lines = log.lines()
        #expect(lines.count == 1)
        let line = try #require(lines.first)
        #expect(line.contains("request_id=\(id) peer=127.0.0.1 "))
        #expect(line.contains("status=\(status) problem=\(code) "))
        #expect(line.contains("bytes_sent=\(refused.body.count) "))
        #expect(harness.hasMetric("sensorium_rejected_total{reason=\"\(code)\"} 1"))
    }

    @Test(arguments: ["BREW / HTTP/1.1", "GET / HTTP/2.0", "GET /\(String(repeating: "a", count: 8200)) HTTP/1.1"])
    func `a request line that is refused waits for id and origin`(_ line: String) throws {
        let (harness, log, address) = try serve()
        let refused = try answer(
            address, line + "\r\nHost: a\r\nX-Request-Id: mine\r\nOrigin: https://a.example\r\n\r\n")
        #expect([414, 501, 505].contains(refused.status))
        #expect(refused.headers["X-Request-Id"] == "mine")
        #expect(refused.headers["Access-Control-Allow-Origin"] == "https://a.example")
        #expect(harness.service.drain())
        #expect(log.lines().first?.contains("request_id=mine peer=127.0.0.1 status=\(refused.status)") == true)
    }

    @Test func `what was read of a broken head gives id and origin`() throws {
        let (harness, log, address) = try serve()
        let refused = try answer(
            address,
            "GET /v1/models HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\nOrigin: https://a.example\r\nbroken\r\n\r\n")
        #expect(refused.status == 400)
        #expect(refused.headers["X-Request-Id"] == "mine")
        #expect(refused.headers["Access-Control-Allow-Origin"] == "https://a.example")
        #expect(harness.service.drain())
        #expect(log.lines().first?.contains("request_id=mine peer=127.0.0.1 method=GET status=400") == true)
    }

    @Test func `every answer has one line, which names the route and never the path`() throws {
        let (harness, log, address) = try serve {
            $0.trustedProxies = [IPNetwork("127.0.0.1")].compactMap(\.self)
        }
        let requests: [(String, String)] = [
            ("GET", "/v1/collections/secret/items/holiday.jpg"), ("GET", "/secret"), ("DELETE", "/v1/caption?q=secret"),
            ("GET", "/v1/models/secret"), ("OPTIONS", "/v1/caption"), ("GET", "/health/live"),
        ]
        for (method, target) in requests {
            _ = try answer(
                address,
                "\(method) \(target) HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n")
        }
        #expect(harness.service.drain())
        let lines = log.lines()
        #expect(lines.count == requests.count)
        #expect(lines.allSatisfy { !$0.contains("secret") && !$0.contains("holiday") })
        #expect(lines.allSatisfy { $0.contains("peer=203.0.113.9 ") })
        #expect(lines.first?.contains("route=/v1/collections/{collection}/items/{item}") == true)
    }
}

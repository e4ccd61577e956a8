import Testing

@testable import HTTP

struct RequestParserTests {
    @Test(arguments: RequestFixture.all) func `each case is understood or refused as its file says`(
        _ fixture: RequestFixture
    ) throws {
        let parsed = ParsedStream(fixture.octets)
        let complete = parsed.requests.filter(\.isComplete)
        switch fixture.verdict {
        case .complete: #expect(parsed.failure == nil && complete.count == parsed.requests.count)
        case .refused(let status): #expect(parsed.failure?.status == status, "\(parsed.failure?.detail ?? "accepted")")
        case .waits: #expect(parsed.failure == nil && complete.count == fixture.requests.count)
        }
        try #require(complete.count == fixture.requests.count)
        for (found, expected) in zip(complete, fixture.requests) {
            #expect(found.method == expected.method)
            #expect(found.path == expected.path)
            for part in expected.parts {
                let value = String(decoding: part.value, as: UTF8.self)
                switch part.key {
                case "body": #expect(found.body == part.value)
                case "segments": #expect(found.segments.joined(separator: ",") == value)
                case "query": #expect(found.query == value)
                default: #expect(found.headers[part.key] ?? "(none)" == value)
                }
            }
        }
    }

    @Test func `all cases were found`() {
        #expect(RequestFixture.all.count >= 200)
        #expect(Set(RequestFixture.all.map(\.name)).count == RequestFixture.all.count)
    }

    @Test(arguments: RequestFixture.all) func `octet by octet nothing changes`(_ fixture: RequestFixture) {
        let whole = ParsedStream(fixture.octets)
        #expect(ParsedStream(fixture.octets, cuts: Array(1..<max(2, fixture.octets.count))) == whole)
    }

    @Test(arguments: RequestFixture.all) func `divided anywhere nothing changes`(_ fixture: RequestFixture) {
        let whole = ParsedStream(fixture.octets)
        // Long cases repeat one pattern: a prime stride meets every place of it.
        let stride = fixture.octets.count > 2000 ? 997 : 1
        for cut in Swift.stride(from: 1, to: fixture.octets.count, by: stride) {
            guard ParsedStream(fixture.octets, cuts: [cut]) == whole else {
                Issue.record("another result when divided at \(cut)")
                return
            }
        }
    }

    @Test func `chunks past the limit are refused at the size that crosses it`() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let within = ParsedStream(Array((head + "4\r\nabcd\r\n4\r\nabcd\r\n0\r\n\r\n").utf8), bodyLimit: 8)
        #expect(within.failure == nil)
        let beyond = ParsedStream(Array((head + "4\r\nabcd\r\n5\r\n").utf8), bodyLimit: 8)
        #expect(beyond.failure?.status == 413)
        #expect(beyond.requests.first?.body == Array("abcd".utf8))
    }

    @Test(arguments: [
        "Content-Length: 9223372036854775807\r\n\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nabc",
    ])
    func `the largest length there is costs what came of it`(rest: String) {
        let stream = ParsedStream(Array("PUT /a HTTP/1.1\r\nHost: a\r\n\(rest)".utf8))
        #expect(stream.failure == nil)
        #expect(stream.requests.map(\.body) == [Array("abc".utf8)] && stream.requests[0].isComplete == false)
    }

    @Test func `persistence follows version and Connection`() {
        func keepsAlive(_ version: String, _ connection: String?) -> Bool? {
            let field = connection.map { "Connection: \($0)\r\n" } ?? ""
            return ParsedStream(Array("GET / HTTP/\(version)\r\nHost: a\r\n\(field)\r\n".utf8)).requests.first?
                .keepsAlive
        }
        #expect(keepsAlive("1.1", nil) == true)
        #expect(keepsAlive("1.1", "close") == false)
        #expect(keepsAlive("1.1", "x, CLOSE") == false)
        #expect(keepsAlive("1.1", "x,,keep-alive ,\t") == true)
        #expect(keepsAlive("1.1", "closed") == true)
        #expect(keepsAlive("1.0", nil) == false)
        #expect(keepsAlive("1.0", "Keep-Alive") == true)
        #expect(keepsAlive("1.0", "keep-alive, close") == false)
    }

    @Test func `only an HTTP/1.1 request with a body is told to continue`() {
        func expects(_ version: String, _ expect: String, _ length: Int) -> Bool? {
            let head = "POST / HTTP/\(version)\r\nHost: a\r\nExpect: \(expect)\r\nContent-Length: \(length)\r\n\r\n"
            return ParsedStream(Array(head.utf8)).requests.first?.expectsContinue
        }
        #expect(expects("1.1", "100-continue", 5) == true)
        #expect(expects("1.1", "100-CONTINUE", 5) == true)
        #expect(expects("1.1", "100-continue", 0) == false)
        #expect(expects("1.0", "100-continue", 5) == false)
    }

    @Test func `limits are as configured`() {
        var limits = ParserLimits()
        limits.target = 10
        limits.headers = 2
        limits.headerBytes = 40
        func status(_ text: String) -> Int? { ParsedStream(Array(text.utf8), limits: limits).failure?.status }
        #expect(status("GET /123456789 HTTP/1.1\r\nHost: a\r\n\r\n") == nil)
        #expect(status("GET /1234567890 HTTP/1.1\r\nHost: a\r\n\r\n") == 414)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\r\n") == nil)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\nX: a\r\n\r\n") == 431)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 26))\r\n\r\n") == nil)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 27))\r\n\r\n") == 431)
    }

    @Test func `nothing has a meaning after a failure`() {
        var parser = RequestParser()
        let broken = Array("GET /\r\n".utf8)
        let good = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        var position = 0
        #expect(throws: HTTPFailure.self) { try parser.next(broken.span, from: &position) }
        position = 0
        #expect(throws: HTTPFailure.self) { try parser.next(good.span, from: &position) }
    }
}

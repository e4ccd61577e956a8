import HTTP
import JSON
import Testing

@testable import Service

@Suite struct `Parts of a request` {
    @Test(arguments: ["a", "0f-Z~!", String(repeating: "x", count: 128)])
    func `a request id of visible ASCII is kept`(_ id: String) {
        #expect(RequestIdentity(HTTPHeaders([("X-Request-Id", id)])).id == id)
    }

    @Test(arguments: ["", "a b", "ä", "a\u{7F}", "a\u{0}", String(repeating: "x", count: 129)])
    func `another request id is replaced by one that was made`(_ id: String) {
        let made = RequestIdentity(HTTPHeaders([("X-Request-Id", id)])).id
        #expect(made != id)
        #expect(made.utf8.count == 32)
    }

    @Test func `no request id is made twice`() {
        let ids = Set((0..<10_000).map { _ in RequestIdentity(HTTPHeaders()).id })
        #expect(ids.count == 10_000)
    }

    @Test(arguments: [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
        ("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", true),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false),
        ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
        ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
        ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
        ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false),
        ("", false),
    ])
    func `only a well-formed traceparent is passed on`(_ value: String, _ isPassedOn: Bool) {
        #expect(RequestIdentity(HTTPHeaders([("traceparent", value)])).traceParent == (isPassedOn ? value : nil))
    }

    @Test func `a media type is read with its parameters`() {
        let type = MediaType("Text/Plain ; Charset=\"UTF-8\"; q=0.5; x=\"a\\\"b;c\"")
        #expect(type?.name == "text/plain")
        #expect(type?["charset"] == "UTF-8")
        #expect(type?["q"] == "0.5")
        #expect(type?["x"] == "a\"b;c")
        for broken in ["", "text", "text/", "/plain", "a/b/c", "te xt/plain"] { #expect(MediaType(broken) == nil) }
    }

    @Test(arguments: [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/event-stream", "text/event-stream"),
        ("text/*", "text/event-stream"),
        ("application/json;q=0.1, text/event-stream;q=0.2", "text/event-stream"),
        ("text/event-stream, application/json", "application/json"),
        ("*/*;q=0.5, application/json;q=0", "text/event-stream"),
        ("text/html, */*;q=0.1", "application/json"),
        ("image/png", "-"),
        ("application/json;q=0", "-"),
    ])
    func `the type that the client likes best is chosen`(_ accept: String, _ expected: String) {
        let headers = HTTPHeaders(accept.isEmpty ? [] : [("Accept", accept)])
        #expect(Acceptance(headers).best(of: ["application/json", "text/event-stream"]) ?? "-" == expected)
    }

    @Test func `a query string is decoded strictly`() throws {
        let pairs = try QueryString("a=1&b=x+y%20%C3%A9&c&=z&a=2").pairs
        #expect(pairs.map(\.name) == ["a", "b", "c", "", "a"])
        #expect(pairs.map(\.value) == ["1", "x y é", "", "z", "2"])
        #expect(try QueryString(nil).pairs.isEmpty)
        for broken in ["a=%", "a=%1", "a=%zz", "a=%ff", "%C3=1"] {
            let problem = #expect(throws: Problem.self) { try QueryString(broken) }
            #expect(problem?.code == .malformedQuery)
        }
    }

    @Test(arguments: [
        ("beam", "beams"), ("Beams", "beams"), ("maxtokens", "max_tokens"), ("max-tokens", "max_tokens"),
        ("tepmerature", "temperature"), ("img", "-"), ("zzzz", "-"), ("", "-"),
    ])
    func `the nearest name is proposed, a distant one is not`(_ given: String, _ expected: String) {
        let names = ["image", "beams", "max_tokens", "temperature"]
        #expect(nearestName(to: given, among: names) ?? "-" == expected)
    }

    @Test func `base64 is what RFC 4648 says, line breaks aside`() {
        let vectors = [
            "": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE=",
            "foobar": "Zm9vYmFy",
        ]
        for (plain, encoded) in vectors {
            #expect(Base64.encode(Array(plain.utf8)) == encoded)
            #expect(Base64.decode(Array(encoded.utf8)) == Array(plain.utf8))
            #expect(Base64.decode(Array(encoded.filter { $0 != "=" }.utf8)) == Array(plain.utf8))
        }
        let all = (0...255).map { UInt8($0) }
        #expect(Base64.decode(Array(Base64.encode(all).utf8)) == all)
        #expect(Base64.decode(Array("Zm9v\r\nYmFy\n".utf8)) == Array("foobar".utf8))
        for broken in ["Z", "Zg=", "Zg===", "Z=g=", "Zm9v=", "Zm 9v", "Zm9-", "=Zg="] {
            #expect(Base64.decode(Array(broken.utf8)) == nil, "\(broken)")
        }
    }
}

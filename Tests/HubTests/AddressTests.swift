import Testing

@testable import Hub

@Suite struct `Addresses of the hub` {
    @Test(arguments: [
        ("https://Hub.example", "https", "hub.example", 443),
        ("http://hub.example:8080/a?b", "http", "hub.example", 8080),
        ("HTTP://127.0.0.1/", "http", "127.0.0.1", 80),
        ("https://user:pass@hub.example/a b", "https", "hub.example", 443),
        ("http://[::1]:81/", "http", "[::1]", 81),
    ]) func `have an origin`(_ url: String, _ scheme: String, _ host: String, _ port: Int) throws {
        let address = try #require(HubAddress(url))
        #expect(address.scheme == scheme)
        #expect(address.host == host)
        #expect(address.port == port)
    }

    @Test(arguments: [
        "", "hub.example", "/a/b", "ftp://hub.example", "file:///etc/passwd", "https://", "http://a:99999",
    ])
    func `without scheme and host are none`(_ url: String) {
        #expect(HubAddress(url) == nil)
    }

    // RFC 3986, section 5.4, as far as redirects need it.
    @Test(arguments: [
        ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("/g", "http://a/g"), ("//g/h", "http://g/h"),
        ("?y", "http://a/b/c/d;p?y"), ("../g", "http://a/b/g"), ("../../g?y=1", "http://a/g?y=1"),
        ("https://cdn.example/x?sig=a%2Fb", "https://cdn.example/x?sig=a%2Fb"),
    ]) func `are resolved from the one that was asked`(_ location: String, _ whole: String) {
        #expect(HubAddress.resolve(location, from: "http://a/b/c/d;p?q") == whole)
    }

    @Test func `write what no path may have by its bytes`() {
        #expect(HubAddress.path("a/é b#.txt") == "a/%C3%A9%20b%23.txt")
    }
}

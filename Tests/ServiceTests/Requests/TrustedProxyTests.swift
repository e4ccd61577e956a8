import HTTP
import Testing

@testable import Service

@Suite struct `Trusted proxies` {
    private let proxies = TrustedProxies(
        networks: ["10.0.0.0/8", "192.0.2.7", "2001:db8:f::/48"].compactMap { IPNetwork($0) })

    private func client(_ peer: String, _ fields: (String, String)...) -> String {
        proxies.client(peer: peer, HTTPHeaders(fields))
    }

    @Test func `nobody but a trusted proxy says for whom it asks`() {
        #expect(client("198.51.100.1", ("X-Forwarded-For", "203.0.113.9")) == "198.51.100.1")
        #expect(client("198.51.100.1", ("Forwarded", "for=203.0.113.9")) == "198.51.100.1")
        #expect(client("unknown", ("X-Forwarded-For", "203.0.113.9")) == "unknown")
        let none = TrustedProxies(networks: [])
        #expect(none.client(peer: "10.0.0.1", HTTPHeaders([("X-Forwarded-For", "203.0.113.9")])) == "10.0.0.1")
    }

    @Test(arguments: [
        ("203.0.113.9", "203.0.113.9"), ("203.0.113.9:4711", "203.0.113.9"), ("2001:db8::9", "2001:db8::9"),
        ("[2001:db8::9]", "2001:db8::9"), ("[2001:db8::9]:4711", "2001:db8::9"), ("2001:DB8:0:0::9", "2001:db8::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        // Through several proxies: the last address that is none of theirs.
        ("203.0.113.9, 10.1.2.3, 192.0.2.7", "203.0.113.9"), ("203.0.113.9,2001:db8:f::1", "203.0.113.9"),
        // What the client wrote itself stands further left, and may be anything.
        ("10.0.0.1, 203.0.113.9", "203.0.113.9"), ("127.0.0.1, , garbage\u{7F}, 203.0.113.9", "203.0.113.9"),
        ("8.8.8.8, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        // A proxy that asks for itself.
        ("10.9.9.9", "10.9.9.9"), ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
    ])
    func `the last untrusted address of X-Forwarded-For is the client`(_ value: String, _ expected: String) {
        #expect(client("10.0.0.1", ("X-Forwarded-For", value)) == expected)
    }

    @Test(arguments: [
        "", ",", "unknown", "203.0.113", "203.0.113.9.1", "203.0.113.256", "0x7f.0.0.1", "203.0.113.9:",
        "203.0.113.9:port",
        "203.0.113.9:123456", "[203.0.113.9]", "[2001:db8::9", "2001:db8::9]", "[2001:db8::9]x", "[2001:db8::9]:", "[]",
        "fe80::1%eth0", "1::2::3", "203.0.113.9 198.51.100.1", "203.0.113.9,", "\"203.0.113.9\"",
        "203.0.113.9;10.0.0.1",
        "client.example", "203.0.113.9, 10.0.0.1x",
    ])
    func `what cannot be read names nobody, so the proxy counts`(_ value: String) {
        #expect(client("10.0.0.1", ("X-Forwarded-For", value)) == "10.0.0.1")
    }

    @Test func `several field lines are one list`() {
        #expect(
            client("10.0.0.1", ("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", "203.0.113.9, 10.1.1.1"))
                == "203.0.113.9")
    }

    @Test(arguments: [
        ("for=203.0.113.9", "203.0.113.9"), ("For=\"203.0.113.9:80\";proto=https;by=10.0.0.1", "203.0.113.9"),
        ("proto=http; for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
        ("for=_hidden, for=203.0.113.9;by=\"a,b\", for=10.1.2.3", "203.0.113.9"),
        ("for=203.0.113.9, for=unknown", "10.0.0.1"), ("for=_hidden", "10.0.0.1"), ("proto=https", "10.0.0.1"),
        ("for=203.0.113.9;for=198.51.100.1", "10.0.0.1"), ("for=\"203.0.113.9", "10.0.0.1"), ("", "10.0.0.1"),
    ])
    func `Forwarded is read as RFC 7239 writes it`(_ value: String, _ expected: String) {
        #expect(client("10.0.0.1", ("Forwarded", value)) == expected)
    }

    @Test func `two fields that name different clients are not believed`() {
        let forwarded = ("Forwarded", "for=203.0.113.9")
        #expect(client("10.0.0.1", forwarded, ("X-Forwarded-For", "203.0.113.9")) == "203.0.113.9")
        #expect(client("10.0.0.1", forwarded, ("X-Forwarded-For", "198.51.100.1")) == "10.0.0.1")
        #expect(client("10.0.0.1", forwarded, ("X-Forwarded-For", "unknown")) == "10.0.0.1")
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.0.0.0/9", "10.128.0.0", false),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false), ("0.0.0.0/0", "203.0.113.9", true),
        ("0.0.0.0/0", "::1", false), ("::/0", "203.0.113.9", false), ("2001:db8::/33", "2001:db8:7fff::", true),
        ("2001:db8::/33", "2001:db8:8000::", false), ("::ffff:10.0.0.1", "10.0.0.1", true),
    ])
    func `a network holds the addresses that begin as it does`(_ network: String, _ address: String, _ isIn: Bool)
        throws
    {
        #expect(try #require(IPNetwork(network)).contains(try #require(IPAddress(address))) == isIn)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.1/8", "::/129",
        "::1/64",
        "10.0.0", "10.0.0.0/08x", "host", "[::1]", "10.0.0.0 /8",
    ])
    func `what is no network, or has bits behind its prefix, is refused`(_ text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test func `requests through a proxy are limited by client`() throws {
        let harness = try Harness {
            $0.rateLimit = RateLimit("1/h")
            $0.trustedProxies = proxies.networks
        }
        let ask = { (peer: String, client: String) in
            harness.begin(
                "GET", "/v1/models", [("X-Forwarded-For", client)], exchange: FakeExchange(peerAddress: peer)
            ).answer().status
        }
        #expect(ask("10.0.0.1", "203.0.113.1") == 200)
        #expect(ask("10.0.0.2", "203.0.113.1") == 429)
        #expect(ask("10.0.0.1", "203.0.113.2") == 200)
        // Spoofed: from outside of the network the field counts for nothing.
        #expect(ask("198.51.100.1", "203.0.113.3") == 200)
        #expect(ask("198.51.100.1", "203.0.113.4") == 429)
    }
}

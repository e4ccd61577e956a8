import HTTP

/// The proxies that may say for whom they ask (`--trusted-proxy`).
///
/// `X-Forwarded-For` and `Forwarded` (RFC 7239) are lists to which each proxy appends whoever asked it, so they are read from
/// the right: the last address that is no trusted proxy's is the client, and whatever stands left of it is the client's own
/// invention and not looked at. Nothing is guessed: where an address that is needed cannot be read, or the two fields name
/// different clients, the proxy that is connected counts.
struct TrustedProxies: Sendable {
    let networks: [IPNetwork]

    /// The address that a request is counted for.
    ///
    /// - Parameter peer: the address at the other end of the connection.
    func client(peer: String, _ headers: HTTPHeaders) -> String {
        guard trusts(peer) else { return peer }
        let hops = headers.values("X-Forwarded-For").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let elements = headers.values("Forwarded").map { MediaType.split($0, at: ",") }
        let named = [
            hops.isEmpty ? nil : last(of: hops.joined().lazy.map { Self.node($0.trimmed) }),
            elements.isEmpty ? nil : last(of: elements.joined().lazy.map(Self.forwardedFor)),
        ].compactMap(\.self)
        guard let first = named.first, case .client(let address) = first, named.allSatisfy({ $0 == first }) else {
            return peer
        }
        return address.description
    }

    /// Whether the address is that of a proxy.
    func trusts(_ peer: String) -> Bool {
        guard !networks.isEmpty, let address = IPAddress(peer) else { return false }
        return trusts(address)
    }

    private func trusts(_ address: IPAddress) -> Bool { networks.contains { $0.contains(address) } }

    private enum Named: Equatable {
        case client(IPAddress)
        case nobody
    }

    /// The last address that is not trusted; the first one where all are, for then a proxy asks for itself.
    private func last(of addresses: some BidirectionalCollection<IPAddress?>) -> Named {
        var farthest = Named.nobody
        for address in addresses.reversed() {
            guard let address else { return .nobody }
            guard trusts(address) else { return .client(address) }
            farthest = .client(address)
        }
        return farthest
    }

    /// The address of `for=` in an element such as `for="[2001:db8::1]:4711";proto=https`; nil for `unknown`, for names, and
    /// where there is none or more than one.
    private static func forwardedFor(_ element: Substring) -> IPAddress? {
        let nodes = MediaType.split(String(element), at: ";").compactMap(MediaType.parameter).filter {
            $0.name == "for"
        }
        return nodes.count == 1 ? node(nodes[0].value) : nil
    }

    /// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
    private static func node(_ text: String) -> IPAddress? {
        if text.hasPrefix("[") {
            let halves = text.dropFirst().split(separator: "]", omittingEmptySubsequences: false)
            guard halves.count == 2, halves[0].contains(":"), halves[1].isEmpty || isPort(halves[1]) else { return nil }
            return IPAddress(halves[0])
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, parts[0].contains("."), isPort(":" + parts[1]) { return IPAddress(parts[0]) }
        return IPAddress(text)
    }

    /// A colon and one to five digits.
    private static func isPort(_ text: some StringProtocol) -> Bool {
        text.first == ":" && (2...6).contains(text.utf8.count)
            && text.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }
}

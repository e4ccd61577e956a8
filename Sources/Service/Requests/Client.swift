import Glibc
import Scheduler

/// Whom a request is counted for: the holder of an API key, else whoever sends from an address.
public enum Client: Hashable, Sendable {
    /// The holder of an API key.
    case key(APIKeys.Identity)
    /// Whoever sends from an address. IPv6 addresses count by their first 64 bits, for one client has all the rest.
    case address(String)

    /// The client behind an address without port.
    public static func from(address: String) -> Client {
        var bytes = in6_addr()
        guard address.contains(":"), inet_pton(AF_INET6, address, &bytes) == 1 else { return .address(address) }
        let words = withUnsafeBytes(of: bytes) { raw in
            stride(from: 0, to: 16, by: 2).map { Int(raw[$0]) << 8 | Int(raw[$0 + 1]) }
        }
        if words[0..<5].allSatisfy({ $0 == 0 }), words[5] == 0xFFFF {
            // An IPv4 client on a socket for both.
            return .address("\(words[6] >> 8).\(words[6] & 255).\(words[7] >> 8).\(words[7] & 255)")
        }
        return .address(words[0..<4].map { String($0, radix: 16) }.joined(separator: ":") + "::/64")
    }

    /// The client as those know it who share out memory, queues and the engine.
    var id: ClientID {
        switch self {
        case .key(let identity): ClientID("key \(identity.number)")
        case .address(let address): ClientID(address)
        }
    }
}

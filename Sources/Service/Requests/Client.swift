import Scheduler

/// Whom a request is counted for: the holder of an API key, else whoever sends from an address.
public enum Client: Hashable, Sendable {
    /// The holder of an API key.
    case key(APIKeys.Identity)
    /// Whoever sends from an address. IPv6 addresses count by their first 64 bits, for one client has all the rest.
    case address(String)

    /// The client behind an address without port.
    public static func from(address: String) -> Client {
        guard let octets = IPAddress(address)?.octets else { return .address(address) }
        guard octets.count == 16 else { return .address(octets.map { String($0) }.joined(separator: ".")) }
        let words = stride(from: 0, to: 8, by: 2).map { String(Int(octets[$0]) << 8 | Int(octets[$0 + 1]), radix: 16) }
        return .address(words.joined(separator: ":") + "::/64")
    }

    /// The client as those know it who share out memory, queues and the engine.
    var id: ClientID {
        switch self {
        case .key(let identity): ClientID("key \(identity.number)")
        case .address(let address): ClientID(address)
        }
    }
}

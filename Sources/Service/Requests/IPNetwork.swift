import Glibc

/// An IPv4 or IPv6 address. An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) is the IPv4 address.
struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// Four octets, or sixteen.
    let octets: [UInt8]

    /// Reads `192.0.2.1` or `2001:db8::1`, without port, brackets or zone; nil for everything else.
    init?(_ text: some StringProtocol) {
        let text = String(text)
        // What is longer is no address, and has not to be copied for the system to say so.
        guard text.utf8.count < Int(INET6_ADDRSTRLEN) else { return nil }
        var (four, six) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, text, &four) == 1 {
            octets = withUnsafeBytes(of: four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            let all = withUnsafeBytes(of: six) { Array($0) }
            let isMapped = all.prefix(10).allSatisfy { $0 == 0 } && all[10] == 0xFF && all[11] == 0xFF
            octets = isMapped ? Array(all.suffix(4)) : all
        } else {
            return nil
        }
    }

    /// The shortest way to write it (RFC 5952).
    var description: String {
        guard octets.count == 16 else { return octets.map { String($0) }.joined(separator: ".") }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(AF_INET6, octets, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A range of addresses, such as `10.0.0.0/8` or `2001:db8::/32` (CIDR, RFC 4632), or one address.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    private let address: IPAddress
    /// How many bits its addresses have in common.
    private let prefix: Int

    /// Reads an address with or without a prefix length; nil where it is neither, or where the address has bits behind the
    /// prefix, for then one of the two is not what was meant.
    public init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count <= 2, let address = IPAddress(halves[0]) else { return nil }
        let bits = address.octets.count * 8
        var prefix = bits
        if halves.count == 2 {
            guard (1...3).contains(halves[1].utf8.count), halves[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let given = Int(halves[1]), given <= bits
            else { return nil }
            prefix = given
        }
        self.address = address
        self.prefix = prefix
        guard address.octets.enumerated().allSatisfy({ $1 & ~mask(at: $0) == 0 }) else { return nil }
    }

    /// Whether an address lies in the range. IPv4 addresses lie in no range of IPv6.
    func contains(_ other: IPAddress) -> Bool {
        other.octets.count == address.octets.count
            && address.octets.indices.allSatisfy { (other.octets[$0] ^ address.octets[$0]) & mask(at: $0) == 0 }
    }

    /// The bits of an octet that the prefix covers.
    private func mask(at index: Int) -> UInt8 {
        let covered = min(max(prefix - index * 8, 0), 8)
        return covered == 0 ? 0 : ~UInt8(0) << UInt8(8 - covered)
    }

    /// The way it is given.
    public var description: String { "\(address)/\(prefix)" }
}

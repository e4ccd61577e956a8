import Glibc

/// An IPv4 or IPv6 address with its port.
struct SocketAddress: Equatable, Sendable, CustomStringConvertible {
    /// `127.0.0.1`, `::1`; an IPv4 client of a dual-stack socket is written as IPv4.
    let host: String
    let port: Int
    let family: Int32
    /// Stands for all addresses of the machine.
    let isWildcard: Bool
    private let bytes: [UInt8]

    /// For a peer whose address the kernel did not tell.
    static let unknown = SocketAddress(host: "unknown", port: 0, family: AF_UNSPEC, isWildcard: false, bytes: [])

    private init(host: String, port: Int, family: Int32, isWildcard: Bool, bytes: [UInt8]) {
        self.host = host
        self.port = port
        self.family = family
        self.isWildcard = isWildcard
        self.bytes = bytes
    }

    /// Copies an address of the kernel or resolver; nil for other families.
    init?(_ pointer: UnsafePointer<sockaddr>, length: socklen_t) {
        // The family says which structure stands behind the pointer; the length is checked before it is read.
        bytes = Array(UnsafeRawBufferPointer(start: pointer, count: Int(length)))
        family = Int32(pointer.pointee.sa_family)
        switch family {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            let address = UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in.self)
            port = Int(UInt16(bigEndian: address.sin_port))
            host = Self.dotted(bytes[4..<8])
            isWildcard = address.sin_addr.s_addr == 0
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            var address = UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in6.self)
            port = Int(UInt16(bigEndian: address.sin6_port))
            let octets = bytes[8..<24]
            isWildcard = octets.allSatisfy { $0 == 0 }
            if octets.prefix(10).allSatisfy({ $0 == 0 }), octets[18] == 0xFF, octets[19] == 0xFF {
                host = Self.dotted(octets.suffix(4))
            } else {
                var text = [UInt8](repeating: 0, count: Int(INET6_ADDRSTRLEN))
                text.withUnsafeMutableBytes { buffer in
                    _ = inet_ntop(
                        AF_INET6, &address.sin6_addr, buffer.baseAddress?.assumingMemoryBound(to: CChar.self),
                        socklen_t(INET6_ADDRSTRLEN))
                }
                host = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
            }
        default: return nil
        }
    }

    /// The address a socket is bound to.
    init?(ofSocket socket: Int32) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // The storage is as large as any address and lives through the call.
        let address = withUnsafeMutableBytes(of: &storage) { bytes -> SocketAddress? in
            guard let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                getsockname(socket, pointer, &length) == 0
            else { return nil }
            return SocketAddress(pointer, length: length)
        }
        guard let address else { return nil }
        self = address
    }

    /// The same address with another port.
    func with(port: Int) -> SocketAddress {
        var copy = bytes
        copy[2] = UInt8(port >> 8 & 0xFF)
        copy[3] = UInt8(port & 0xFF)
        return SocketAddress(host: host, port: port, family: family, isWildcard: isWildcard, bytes: copy)
    }

    /// Gives the kernel's form of the address to `body`.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        // The bytes were copied from a sockaddr of this length; arrays are aligned to 16 bytes, a sockaddr to less. Only
        // `unknown` is empty, and nothing is bound to that.
        bytes.withUnsafeBytes { buffer in
            body(buffer.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(buffer.count))
        }
    }

    var description: String { family == AF_INET6 && host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// What connections from this address are counted under; nil for a peer without one.
    var network: Holder? {
        switch family {
        case AF_INET: .network(prefix: Self.prefix(bytes[4..<8]), isIPv6: false)
        // A host without a colon was IPv4 before a socket for both wrapped it.
        case AF_INET6 where !host.contains(":"): .network(prefix: Self.prefix(bytes[20..<24]), isIPv6: false)
        case AF_INET6: .network(prefix: Self.prefix(bytes[8..<16]), isIPv6: true)
        default: nil
        }
    }

    private static func prefix(_ octets: ArraySlice<UInt8>) -> UInt64 { octets.reduce(0) { $0 << 8 | UInt64($1) } }

    private static func dotted(_ octets: ArraySlice<UInt8>) -> String {
        octets.map { String($0) }.joined(separator: ".")
    }
}

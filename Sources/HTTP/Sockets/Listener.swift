import CLinux
import Glibc

/// A listening TCP socket, closed with its last reference.
final class Listener: Sendable {
    let descriptor: Int32
    /// `127.0.0.1:8080`, `[::1]:8080`.
    let address: String
    let port: Int

    deinit { close(descriptor) }

    /// Opens a listener on every address that `host` stands for, all with the same port.
    static func addresses(host: String, port: Int) throws(HTTPServerError) -> [SocketAddress] {
        guard (0...65_535).contains(port) else { throw .invalidOption("The port \(port) is not between 0 and 65535.") }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = Int32(AI_PASSIVE)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { throw .unknownHost(host, reason: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var entry = list
        while let info = entry?.pointee {
            if let address = SocketAddress(info.ai_addr, length: info.ai_addrlen), !found.contains(address) {
                found.append(address)
            }
            entry = info.ai_next
        }
        guard !found.isEmpty else { throw .unknownHost(host, reason: "neither IPv4 nor IPv6") }
        return found
    }

    /// Listens on an address.
    /// - Parameter buffer: octets that the kernel may keep for each connection, in either direction.
    init(_ wanted: SocketAddress, buffer: Int) throws(HTTPServerError) {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(wanted.family, kind, 0)
        guard socket >= 0 else { throw .cannotBind(address: wanted.description, reason: System.reason(errno)) }
        System.setOption(socket, level: Int(SOL_SOCKET), Int(SO_REUSEADDR), 1)
        if wanted.family == AF_INET6 {
            // `::` takes IPv4 too; ::1 beside 127.0.0.1 must not.
            System.setOption(socket, level: Int(IPPROTO_IPV6), Int(IPV6_V6ONLY), wanted.isWildcard ? 0 : 1)
        }
        // Connections have it from their listener. Without it the kernel lets each have megabytes, outside of every bound here.
        let octets = Int32(clamping: buffer)
        System.setOption(socket, level: Int(SOL_SOCKET), Int(SO_SNDBUF), octets)
        System.setOption(socket, level: Int(SOL_SOCKET), Int(SO_RCVBUF), octets)
        let bound = wanted.withPointer { bind(socket, $0, $1) }
        guard bound == 0, listen(socket, 4096) == 0 else {
            let code = errno
            close(socket)
            throw .cannotBind(address: wanted.description, reason: System.reason(code))
        }
        let actual = SocketAddress(ofSocket: socket) ?? wanted
        descriptor = socket
        address = actual.description
        port = actual.port
    }

    /// What came of taking the next connection from the queue.
    enum Accepted {
        case connection(Int32, SocketAddress)
        case none
        /// No descriptor or memory is left: the queue must be left alone for a while.
        case exhausted
    }

    /// Takes the next connection, non-blocking and without Nagle's delay.
    func accept() -> Accepted {
        while true {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            // The storage is as large as any address and lives through the call.
            let (socket, peer) = withUnsafeMutableBytes(of: &storage) { bytes -> (Int32, SocketAddress?) in
                guard let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return (-1, nil) }
                let socket = accept4(descriptor, pointer, &length, flags)
                return (socket, socket < 0 ? nil : SocketAddress(pointer, length: length))
            }
            if socket >= 0 {
                System.setOption(socket, level: Int(IPPROTO_TCP), Int(TCP_NODELAY), 1)
                return .connection(socket, peer ?? .unknown)
            }
            switch errno {
            case EAGAIN: return .none
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            default: continue  // EINTR, ECONNABORTED and the network errors that accept(2) says to retry
            }
        }
    }
}

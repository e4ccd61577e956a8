import Glibc

/// Why a client's connection failed, for the end of a sentence.
enum ConnectionFailure: Error, CustomStringConvertible {
    case cannotConnect(errno: Int32)
    case closed
    case malformedAnswer

    var description: String {
        switch self {
        case .cannotConnect(EINVAL): "its name is not known, and it is no IPv4 address"
        case .cannotConnect(ECONNREFUSED): "nothing listens there; start it with sensorium serve"
        case .cannotConnect(let number): "no connection could be made, error \(number) of the system"
        case .closed: "the connection was closed, or 120 s passed"
        case .malformedAnswer: "its answer is no HTTP"
        }
    }
}

/// How clients open their sockets.
enum ClientSocket {
    /// Connects to an IPv4 address, or begins to where the socket does not block.
    ///
    /// - Parameters:
    ///   - source: the address of this machine from which the connection comes; nil lets the system choose.
    ///   - buffers: bytes that the kernel may hold, each, of what was not read and of what was not sent yet; nil lets it choose.
    static func open(
        _ target: Target, from source: String? = nil, nonBlocking: Bool = false, buffers: Int32? = nil
    ) throws(ConnectionFailure) -> Int32 {
        let kind =
            Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue) | (nonBlocking ? Int32(SOCK_NONBLOCK.rawValue) : 0)
        let descriptor = socket(AF_INET, kind, 0)
        guard descriptor >= 0 else { throw .cannotConnect(errno: errno) }
        do throws(ConnectionFailure) {
            set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
            if let buffers {
                for side in [SO_RCVBUF, SO_SNDBUF] { set(descriptor, SOL_SOCKET, side, buffers) }
            }
            if let source {
                // Without a port of its own for now: connections to other places may then share it.
                set(descriptor, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, 1)
                try call(source, 0) { bind(descriptor, $0, $1) }
            }
            try call(target.host, target.port) { connect(descriptor, $0, $1) }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The first IPv4 address of a name.
    private static func lookUp(_ name: String) -> in_addr? {
        var hints = addrinfo()
        hints.ai_family = AF_INET
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return nil }
        defer { freeaddrinfo(list) }
        // Of the family that was asked for, so the address is one of its kind.
        return list?.pointee.ai_addr?.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_addr }
    }

    private static func call(
        _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(ConnectionFailure) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        if inet_pton(AF_INET, host, &address.sin_addr) != 1 {
            guard let found = lookUp(host) else { throw .cannotConnect(errno: EINVAL) }
            address.sin_addr = found
        }
        let result = withUnsafePointer(to: &address) { pointer in
            // The calls take every family's address through the general type and are told the real size.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
                body(general, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 || errno == EINPROGRESS else { throw .cannotConnect(errno: errno) }
    }
}

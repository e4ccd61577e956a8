import Glibc

/// One connection of a client: blocking, so that a thread is a client and nothing stands between it and the server.
struct BlockingConnection: ~Copyable {
    /// What went wrong on the way.
    enum Failure: Error, CustomStringConvertible {
        case cannotConnect(errno: Int32)
        case closed
        case malformedAnswer

        /// For the end of a sentence.
        var description: String {
            switch self {
            case .cannotConnect(EINVAL): "its address is no IPv4 address"
            case .cannotConnect(ECONNREFUSED): "nothing listens there; start it with sensorium serve"
            case .cannotConnect(let number): "no connection could be made, error \(number) of the system"
            case .closed: "the connection was closed, or 120 s passed"
            case .malformedAnswer: "its answer is no HTTP"
            }
        }
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Connects to an IPv4 address.
    init(_ target: Target, timeout seconds: Int = 120) throws(Failure) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw .cannotConnect(errno: errno) }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = target.port.bigEndian
        guard inet_pton(AF_INET, target.host, &address.sin_addr) == 1 else { throw .cannotConnect(errno: EINVAL) }
        let result = withUnsafePointer(to: &address) { pointer in
            // connect takes every family's address through the general type and is told the real size.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
                connect(descriptor, general, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw .cannotConnect(errno: errno) }
    }

    deinit { close(descriptor) }

    /// Sends everything.
    func send(_ bytes: some Collection<UInt8>) throws(Failure) {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw .closed }
            rest = rest.dropFirst(count)
        }
    }

    /// Says that nothing more will be sent, and goes on reading.
    func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Makes closing destroy what is under way, as a crashed client does.
    func resetOnClose() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }

    /// Sends a whole request and gives its answer.
    mutating func exchange(_ request: [UInt8]) throws(Failure) -> (status: Int, staysOpen: Bool, body: [UInt8]) {
        try send(request)
        return try receive()
    }

    /// One answer: status, whether the connection stays open, body. Interim answers are skipped.
    mutating func receive() throws(Failure) -> (status: Int, staysOpen: Bool, body: [UInt8]) {
        while true {
            let head = try receiveHead()
            let lines = head.split(separator: "\r\n")
            guard let line = lines.first, line.hasPrefix("HTTP/1."), let status = Int(line.dropFirst(9).prefix(3))
            else {
                throw .malformedAnswer
            }
            if (100..<200).contains(status) { continue }
            let value: (String) -> Substring? = { name in
                lines.first { $0.lowercased().hasPrefix(name + ":") }?.dropFirst(name.count + 1)
            }
            let length = value("content-length").flatMap { Int($0.drop { $0 == " " }) }
            let body = try receiveBody(status, length)
            let closes = value("connection")?.lowercased().contains("close") ?? (length == nil && status != 204)
            return (status, !closes, body)
        }
    }

    private mutating func receiveBody(_ status: Int, _ length: Int?) throws(Failure) -> [UInt8] {
        if status == 204 { return [] }
        guard let length else { return try takeUntilClosed() }
        return try take(length)
    }

    private mutating func receiveHead() throws(Failure) -> String {
        var searched = 0
        while true {
            let end = Array("\r\n\r\n".utf8)
            if buffer.count >= 4 {
                for start in searched...(buffer.count - 4) where buffer[start..<(start + 4)].elementsEqual(end) {
                    let head = String(decoding: buffer[..<start], as: UTF8.self)
                    buffer.removeFirst(start + 4)
                    return head
                }
                searched = buffer.count - 3
            }
            guard try fill() else { throw .closed }
        }
    }

    private mutating func take(_ count: Int) throws(Failure) -> [UInt8] {
        while buffer.count < count {
            guard try fill() else { throw .closed }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    private mutating func takeUntilClosed() throws(Failure) -> [UInt8] {
        while try fill() {}
        defer { buffer = [] }
        return buffer
    }

    /// Reads once; false at the end.
    private mutating func fill() throws(Failure) -> Bool {
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        let count = piece.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count >= 0 else { throw .closed }
        buffer.append(contentsOf: piece.prefix(count))
        return count > 0
    }
}

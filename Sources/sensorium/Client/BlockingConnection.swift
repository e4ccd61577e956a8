import CLinux
import Glibc

/// One connection of a client: blocking, so that a thread is a client and nothing stands between it and the server.
struct BlockingConnection: ~Copyable {
    private let descriptor: Int32
    private var reader = AnswerReader(keepsBody: true)

    /// Connects to an IPv4 address, from one of this machine where `source` names it.
    init(_ target: Target, from source: String? = nil, timeout seconds: Int = 120) throws(ConnectionFailure) {
        descriptor = try ClientSocket.open(target, from: source)
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Sends everything.
    func send(_ bytes: some Collection<UInt8>) throws(ConnectionFailure) {
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
    mutating func exchange(_ request: [UInt8]) throws(ConnectionFailure) -> AnswerReader.Answer {
        try send(request)
        return try receive()
    }

    /// The next answer.
    mutating func receive() throws(ConnectionFailure) -> AnswerReader.Answer {
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            do {
                if let answer = try reader.next() { return answer }
            } catch {
                throw .malformedAnswer
            }
            let count = piece.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count > 0 {
                reader.append(piece.prefix(count))
            } else {
                guard count == 0, let answer = reader.end() else { throw .closed }
                return answer
            }
        }
    }
}

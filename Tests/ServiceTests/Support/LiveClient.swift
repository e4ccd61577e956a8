import Glibc
import HTTP
import JSON
import Testing

/// A client with a socket of its own, for one request. Reads give up after ten minutes, so that a broken server fails a test.
final class LiveClient {
    private var descriptor: Int32

    init(_ address: String) throws {
        let port = try #require(address.split(separator: ":").last.flatMap { UInt16($0) })
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 600, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Sends a request; the answer to it ends the connection, unless the client keeps it.
    func send(
        _ method: String, _ target: String, type: String? = nil, body: [UInt8] = [], upTo count: Int = .max,
        keepsAlive: Bool = false
    ) {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: a\r\n" + (keepsAlive ? "" : "Connection: close\r\n")
        if let type { head += "Content-Type: \(type)\r\nContent-Length: \(body.count)\r\n" }
        send(rest: Array((head + "\r\n").utf8) + body.prefix(count))
    }

    /// Sends bytes as they are.
    func send(rest: some Collection<UInt8>) {
        let bytes = Array(rest)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Sends a form.
    func send(_ target: String, _ form: Form) {
        send("POST", target, type: form.contentType, body: form.body)
    }

    /// Says that no more will be sent.
    func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Goes away at once, as a client that crashed.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close(descriptor)
        descriptor = -1
    }

    /// The whole answer, read until the server closes.
    func answer() -> Answer {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = piece.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { break }
            bytes += piece.prefix(count)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let halves = text.split(separator: "\r\n\r\n", maxSplits: 1)
        let lines = (halves.first ?? "").split(separator: "\r\n")
        let fields = lines.dropFirst().compactMap { line -> (String, String)? in
            let pair = line.split(separator: ": ", maxSplits: 1)
            return pair.count == 2 ? (String(pair[0]), String(pair[1])) : nil
        }
        return Answer(
            HTTPResponse(
                status: lines.first.flatMap { Int($0.dropFirst(9).prefix(3)) } ?? 0, headers: HTTPHeaders(fields),
                body: Array((halves.count > 1 ? String(halves[1]) : "").utf8)))
    }
}

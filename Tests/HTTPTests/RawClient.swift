import Glibc
import Testing

/// A client that sends exactly the octets it is told, over a blocking socket.
final class RawClient {
    let descriptor: Int32
    private var received: [UInt8] = []

    /// Connects to `127.0.0.1:port`. Reads give up after ten minutes, so that a broken server fails a test instead of hanging it.
    ///
    /// - Parameter from: the loopback address that the server sees: `127.0.0.2`.
    init(_ address: String, from: String? = nil, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        if let from { try #require(Self.binds(descriptor, to: from)) }
        if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        var timeout = timeval(tv_sec: 600, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        try #require(Self.connects(descriptor, to: address), "connect: \(String(cString: strerror(errno)))")
    }

    private static func connects(_ descriptor: Int32, to address: String) -> Bool {
        let port = address.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
        return withName("127.0.0.1", port) { connect(descriptor, $0, $1) == 0 }
    }

    private static func binds(_ descriptor: Int32, to host: String) -> Bool {
        withName(host, 0) { bind(descriptor, $0, $1) == 0 }
    }

    private static func withName(
        _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) -> Bool {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = inet_addr(host)
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Whether anybody listens there.
    static func isAccepted(at address: String) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return connects(descriptor, to: address)
    }

    deinit { close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Sends all octets; whether the server took them.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Says that no further octet will be sent.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes with a reset instead of an orderly end.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        // The descriptor stays ours until deinit: connecting to nowhere sends the reset without freeing its number.
        var nowhere = sockaddr(sa_family: sa_family_t(AF_UNSPEC), sa_data: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }

    /// One answer of known length, chunked, or without content.
    func response(toHead: Bool = false) throws -> RawResponse {
        var head = try readUntilHead()
        while head.status == 100 || head.status == 102 {
            head.interim.append(head.status)
            let next = try readUntilHead()
            head = RawResponse(status: next.status, fields: next.fields, interim: head.interim)
        }
        if toHead || head.status == 204 || head.status == 304 { return head }
        if let length = head["content-length"].flatMap({ Int($0) }) {
            head.body = try take(length)
        } else if head["transfer-encoding"] == "chunked" {
            while true {
                let line = String(decoding: try takeLine(), as: UTF8.self)
                let size = try #require(Int(line, radix: 16))
                head.body += try take(size)
                try #require(try takeLine() == [])
                if size == 0 { break }
            }
        } else {
            head.body = rest()
        }
        return head
    }

    /// Everything until the server closes.
    func rest() -> [UInt8] {
        while readMore() {}
        let all = received
        received = []
        return all
    }

    /// Whatever comes next; fails if the server closed.
    func some() throws -> [UInt8] {
        if received.isEmpty { try #require(readMore(), "the server closed") }
        let some = received
        received = []
        return some
    }

    /// Whether the server closed in good order, with nothing more to read.
    func isAtEnd() -> Bool {
        guard received.isEmpty else { return false }
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, 0) == 0
    }

    private func readUntilHead() throws -> RawResponse {
        var lines: [String] = []
        while true {
            let line = String(decoding: try takeLine(), as: UTF8.self)
            if line.isEmpty { break }
            lines.append(line)
        }
        let words = try #require(lines.first).split(separator: " ", maxSplits: 2)
        try #require(words.count == 3 && words[0] == "HTTP/1.1", "status line \(lines[0])")
        var response = RawResponse(status: try #require(Int(words[1])))
        for line in lines.dropFirst() {
            let colon = try #require(line.firstIndex(of: ":"))
            response.fields.append(
                (String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " })))
        }
        return response
    }

    private func takeLine() throws -> [UInt8] {
        while true {
            if let end = received.firstIndex(of: 10) {
                try #require(end > 0 && received[end - 1] == 13)
                let line = Array(received[..<(end - 1)])
                received.removeFirst(end + 1)
                return line
            }
            try #require(readMore(), "the server closed within a line")
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while received.count < count { try #require(readMore(), "the server closed within the content") }
        let bytes = Array(received[..<count])
        received.removeFirst(count)
        return bytes
    }

    private func readMore() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        received += buffer[..<count]
        return true
    }
}

/// An answer as it came over the wire.
struct RawResponse {
    var status: Int
    var fields: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// The statuses of the interim answers before it.
    var interim: [Int] = []

    var text: String { String(decoding: body, as: UTF8.self) }

    subscript(name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }
}

extension RawClient {
    func makeNonBlocking() { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }

    /// Sends `bytes` again and again until the kernel takes no more, or `atMost` octets are sent; returns the octets.
    func sendUntilBlocked(repeating bytes: [UInt8], atMost: Int) -> Int {
        var block: [UInt8] = []
        while block.count < 1 << 16 { block += bytes }
        var sent = 0
        while sent < atMost {
            let count = Glibc.send(descriptor, block, block.count, Int32(MSG_NOSIGNAL))
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    /// Whether something can be read within `milliseconds`.
    func isReadable(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }
}

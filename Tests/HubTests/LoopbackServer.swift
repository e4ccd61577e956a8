import Foundation
import Glibc
import Synchronization

/// A server of HTTP/1.1 on loopback that answers each request as it is told, truthfully or not, and closes the connection.
final class LoopbackServer: Sendable {
    struct Request: Sendable {
        let method: String
        let target: String
        /// By their names in small letters.
        let fields: [String: String]
    }

    struct Answer: Sendable {
        var status = 200
        var fields: [(String, String)] = []
        var body: [UInt8] = []
        /// After how many bytes of the body the connection ends though more was announced.
        var breaksAfter: Int?
    }

    let port: UInt16
    private let descriptor: Int32
    private let answer: @Sendable (Request) -> Answer
    private let log = Mutex<[Request]>([])

    /// The requests so far.
    var requests: [Request] { log.withLock { $0 } }

    var url: String { "http://127.0.0.1:\(port)" }

    init(_ answer: @escaping @Sendable (Request) -> Answer) throws {
        self.answer = answer
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isListening else { throw POSIXError(.EADDRNOTAVAIL) }
        port = UInt16(bigEndian: address.sin_port)
        let thread = Thread { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                guard let self else {
                    close(connection)
                    return
                }
                Thread { self.serve(connection) }.start()
            }
        }
        thread.start()
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while !bytes.contains("\r\n\r\n".utf8) {
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return }
            bytes += piece.prefix(count)
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        let first = lines[0].split(separator: " ")
        let fields = lines.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), line[colon...].dropFirst().trimmingCharacters(in: .whitespaces))
        }
        let request = Request(
            method: String(first[0]), target: String(first[1]),
            fields: Dictionary(fields, uniquingKeysWith: { $1 }))
        log.withLock { $0.append(request) }
        let answer = answer(request)
        var head = "HTTP/1.1 \(answer.status) Status\r\nConnection: close\r\n"
        if !answer.fields.contains(where: { $0.0 == "Content-Length" }) {
            head += "Content-Length: \(answer.body.count)\r\n"
        }
        head += answer.fields.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
        var out = Array(head.utf8)
        if request.method != "HEAD" { out += answer.body.prefix(answer.breaksAfter ?? answer.body.count) }
        var sent = 0
        while sent < out.count {
            let count = out.withUnsafeBytes {
                send(connection, $0.baseAddress! + sent, out.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}

extension [UInt8] {
    fileprivate func contains(_ other: String.UTF8View) -> Bool {
        let other = Array(other)
        guard count >= other.count else { return false }
        return indices.dropLast(other.count - 1).contains { self[$0..<$0 + other.count].elementsEqual(other) }
    }
}

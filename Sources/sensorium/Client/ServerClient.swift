import JSON
import OperatingSystem
import Synchronization

/// A running server, asked over one connection that is kept while the server keeps it.
final class ServerClient: Sendable {
    /// What the server said, or did not say.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    /// An answer.
    struct Answer {
        let status: Int
        let body: [UInt8]

        /// Its JSON; nil where it is none.
        var json: JSONValue? {
            try? JSONValue(parsing: body, limits: JSONLimits(bytes: 64 << 20, depth: 64, values: 1 << 20))
        }

        /// The stable name of a problem; nil where there is none.
        var code: String? {
            guard case .object(let members)? = json, case .string(let code)? = members["code"] else { return nil }
            return code
        }

        /// The sentence of a problem, or the status where there is none.
        var refusal: Refusal {
            if case .object(let members)? = json, case .string(let detail)? = members["detail"] {
                return Refusal(description: detail)
            }
            return Refusal(description: "The server answered \(status).")
        }
    }

    private let server: Target
    private let apiKey: String?
    private let connection = Mutex<BlockingConnection?>(nil)

    /// - Parameter apiKey: sent with each request; without it SENSORIUM_API_KEY is, if it is set.
    init(_ server: Target, apiKey: String?) {
        self.server = server
        self.apiKey = apiKey ?? Environment.value("SENSORIUM_API_KEY")
    }

    /// Sends a request and waits for its answer.
    func send(_ method: String, _ path: String, type: String? = nil, _ body: [UInt8] = []) throws -> Answer {
        // Whoever waits at a terminal rather waits longer than asks again.
        var head =
            "\(method) \(path) HTTP/1.1\r\nHost: \(server.host):\(server.port)\r\nX-Request-Timeout: 60\r\n"
        if let apiKey { head += "Authorization: Bearer \(apiKey)\r\n" }
        if let type { head += "Content-Type: \(type)\r\nContent-Length: \(body.count)\r\n" }
        let message = Array((head + "\r\n").utf8) + body
        do {
            return try connection.withLock { connection in
                var used = try connection.take() ?? BlockingConnection(server)
                let answer = try used.exchange(message)
                if answer.staysOpen { connection = consume used }
                return Answer(status: answer.status, body: answer.body)
            }
        } catch {
            throw Refusal(description: "The server at http://\(server.host):\(server.port) does not answer: \(error).")
        }
    }
}

extension String {
    /// Percent-encodes everything but letters, digits, "-", ".", "_", "~" and ":".
    var percentEncoded: String {
        utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: String(UnicodeScalar(byte))
            case _ where "-._~:".utf8.contains(byte): String(UnicodeScalar(byte))
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}

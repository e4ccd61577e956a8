import Foundation
import JSON
import Retrieval
import Synchronization

/// Photos go to a server, which has the model and the data folder.
final class ServerDestination: IndexDestination {
    /// What the server said, or did not say.
    private struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    private let server: Target
    private let collection: String
    private let apiKey: String?
    /// One connection, kept while the server keeps it.
    private let connection = Mutex<BlockingConnection?>(nil)

    init(_ server: Target, collection: String, apiKey: String?) {
        self.server = server
        self.collection = collection
        self.apiKey = apiKey
    }

    private var items: String { "/v1/collections/\(collection)/items" }

    func known() async throws -> [ItemID: FileStamp] {
        var stamps: [ItemID: FileStamp] = [:]
        var next: String? = ""
        while let after = next {
            let query = after.isEmpty ? "" : "&after=\(Self.escaped(after))"
            let (status, answer) = try send("GET", "\(items)?limit=1000\(query)", type: nil, [])
            if status == 404 { return [:] }
            guard status == 200, let answer else { throw Self.refusal(status, answer) }
            let page = JSONCursor(answer)
            for item in try page.member("items").elements() {
                guard let id = ItemID(try item.member("id").string()) else { continue }
                stamps[id] = FileStamp(try item.member("metadata").object())
            }
            next = try page.optionalMember("next")?.string()
        }
        return stamps
    }

    func store(_ photos: [IndexedPhoto]) async -> [(any Error)?] {
        photos.map { photo in
            do {
                var metadata = JSONWriter()
                metadata.exact(.object(photo.metadata))
                let (type, body) = RequestBytes.form(
                    file: photo.bytes, fields: [("metadata", metadata.text)])
                let (status, answer) = try send("PUT", "\(items)/\(Self.escaped(photo.id.text))", type: type, body)
                return status == 200 || status == 201 ? nil : Self.refusal(status, answer)
            } catch {
                return error
            }
        }
    }

    func finish() {}

    private func send(
        _ method: String, _ path: String, type: String?, _ body: [UInt8]
    ) throws -> (status: Int, answer: JSONValue?) {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: \(server.host):\(server.port)\r\n"
        if let apiKey { head += "Authorization: Bearer \(apiKey)\r\n" }
        if let type { head += "Content-Type: \(type)\r\nContent-Length: \(body.count)\r\n" }
        let message = Array((head + "\r\n").utf8) + body
        do {
            let (status, answer) = try connection.withLock { connection in
                var used = try connection.take() ?? BlockingConnection(server)
                try used.send(message)
                let (status, staysOpen, answer) = try used.receive()
                if staysOpen { connection = consume used }
                return (status, answer)
            }
            return (
                status, try? JSONValue(parsing: answer, limits: JSONLimits(bytes: 64 << 20, depth: 64, values: 1 << 20))
            )
        } catch {
            throw Refusal(description: "\(server.host):\(server.port) does not answer (\(error)).")
        }
    }

    private static func refusal(_ status: Int, _ answer: JSONValue?) -> Refusal {
        if case .object(let members)? = answer, case .string(let detail)? = members["detail"] {
            return Refusal(description: detail)
        }
        return Refusal(description: "The server answered \(status).")
    }

    /// Percent-encodes everything but letters, digits, "-", ".", "_", "~" and ":".
    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: String(UnicodeScalar(byte))
            case _ where "-._~:".utf8.contains(byte): String(UnicodeScalar(byte))
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}

import HTTP
import JSON

/// A page of a list, read and written piece by piece as the client takes it: however many wait, each holds one piece.
///
///     {"items":[…],"next":"the last one's key, where more follow"}
struct ListAnswer<Element: Sendable>: Sendable {
    /// The member that has the elements.
    let name: String
    /// The most elements of the page.
    let limit: Int
    /// By what a page goes on.
    let key: @Sendable (Element) -> String
    /// The first elements after a key, at most so many, and some where there are any.
    let read: @Sendable (_ after: String, _ limit: Int) async throws -> [Element]
    /// Writes an element's fields.
    let write: @Sendable (inout JSONWriter, Element) -> Void

    /// Bytes of an answer that may wait for a client before more is read for it.
    private static var waitingBytes: Int { 64 << 10 }

    /// One piece of the text, and where the next one begins.
    private struct Piece {
        var bytes: [UInt8]
        var after: String
        var left: Int
        var isLast: Bool
    }

    /// Answers with the elements after a key. What fails after the first piece breaks the answer off.
    func reply(to request: Request, after: String) async throws -> Reply {
        var piece = try await self.piece(Piece(bytes: [], after: after, left: limit, isLast: false), isFirst: true)
        let headers = HTTPHeaders([("Content-Type", "application/json")])
        if piece.isLast { return .whole(HTTPResponse(status: 200, headers: headers, body: piece.bytes)) }
        guard request.startStreaming(headers) else { return .streamed }
        guard request.head.method != "HEAD" else {
            request.exchange.endStream()
            return .streamed
        }
        do {
            request.exchange.write(piece.bytes)
            while !piece.isLast {
                guard await request.drained(below: Self.waitingBytes) else { return .streamed }
                piece = try await self.piece(piece, isFirst: false)
                request.exchange.write(piece.bytes)
            }
            request.exchange.endStream()
        } catch {
            request.record.refused(request.problem(for: error).code)
            request.exchange.breakOff()
        }
        return .streamed
    }

    /// The text that follows on another piece.
    private func piece(_ before: Piece, isFirst: Bool) async throws -> Piece {
        // One more than is shown, to know whether another page follows.
        let found = try await read(before.after, before.left + 1)
        let shown = found.prefix(before.left)
        var json = JSONWriter()
        for element in shown { json.object { write(&$0, element) } }
        let after = shown.last.map(key) ?? before.after
        let hasMore = found.count > before.left
        var bytes = isFirst ? Array("{\"\(name)\":[".utf8) : []
        if !isFirst && !shown.isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes += json.bytes
        if hasMore || found.isEmpty {
            bytes += Array("]".utf8)
            if hasMore {
                var next = JSONWriter()
                next.value(after)
                bytes += Array(",\"next\":".utf8) + next.bytes
            }
            bytes += Array("}".utf8)
        }
        return Piece(
            bytes: bytes, after: after, left: before.left - shown.count, isLast: hasMore || found.isEmpty)
    }
}

import Testing

@testable import sensorium

/// Answers as servers send them, cut everywhere.
@Suite struct `Reading answers` {
    /// Gives the reader the bytes in pieces of `size`, and takes what it makes of them.
    private func answers(_ text: String, piece size: Int, keepsBody: Bool = true) throws -> [AnswerReader.Answer] {
        var reader = AnswerReader(keepsBody: keepsBody)
        var found: [AnswerReader.Answer] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            reader.append(rest.prefix(size))
            rest = rest.dropFirst(size)
            while let answer = try reader.next() { found.append(answer) }
        }
        return found + (reader.end().map { [$0] } ?? [])
    }

    @Test(arguments: 1...60)
    func `answers are the same however their bytes are cut`(size: Int) throws {
        let text =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
            + "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\ncontent-length:0\r\nConnection: close\r\n\r\n"
            + "HTTP/1.1 204 No Content\r\n\r\n"
            + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\nA;a=b\r\n0123456789\r\n0\r\nX: y\r\n\r\n"
        #expect(
            try answers(text, piece: size) == [
                .init(status: 200, staysOpen: true, retryAfter: nil, body: Array("ab".utf8)),
                .init(status: 503, staysOpen: false, retryAfter: 7),
                .init(status: 204, staysOpen: true, retryAfter: nil),
                .init(status: 200, staysOpen: true, retryAfter: nil, body: Array("xyz0123456789".utf8)),
            ])
    }

    @Test func `an answer without a length ends with the connection`() throws {
        let text = "HTTP/1.1 200 OK\r\n\r\neverything"
        #expect(
            try answers(text, piece: 3)
                == [.init(status: 200, staysOpen: false, retryAfter: nil, body: Array("everything".utf8))])
    }

    @Test func `an answer that is cut off is none`() throws {
        #expect(try answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", piece: 100).isEmpty)
    }

    @Test func `bodies that are not kept are passed over`() throws {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nx"
        let found = try answers(text, piece: 5, keepsBody: false)
        #expect(found.map(\.status) == [200, 404])
        #expect(found.allSatisfy { $0.body.isEmpty })
    }

    @Test(arguments: ["SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"])
    func `what is no answer is malformed`(text: String) {
        #expect(throws: AnswerReader.Malformed.self) { try answers(text, piece: 100) }
    }
}

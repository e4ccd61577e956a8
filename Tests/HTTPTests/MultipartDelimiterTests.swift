import Testing

@testable import HTTP

/// Rows 1 to 16 of the adversarial list for multipart: boundaries and what stands around them.
@Suite struct MultipartDelimiterTests {
    private let hi = "--B\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhi\r\n--B--"

    @Test func `a single field is read`() throws {
        let outcome = try Multipart.parse(hi + "\r\n")
        #expect(outcome.fields == ["text=hi"])
        #expect(outcome.error == nil)
    }

    @Test func `the last line end may be missing`() throws {
        let outcome = try Multipart.parse(hi)
        #expect(outcome.fields == ["text=hi"])
        #expect(outcome.error == nil)
    }

    @Test(arguments: ["\r\n--B--", "--B--", "-", "--"])
    func `a body that ends before its closing boundary is truncated`(missing: String) throws {
        let outcome = try Multipart.parse(String(hi.dropLast(missing.count)))
        #expect(outcome.error == .truncated(boundary: "B"))
        #expect(outcome.fields.isEmpty)
    }

    @Test func `a preamble is ignored`() throws {
        #expect(try Multipart.parse("preamble\r\nof --B two lines\r\n" + hi).fields == ["text=hi"])
    }

    @Test func `a preamble of 10 MiB is skipped but counts against the body's limit`() throws {
        let preamble = [UInt8](repeating: 0x0D, count: 10 << 20)
        let body = preamble + Array(("\r\n" + hi).utf8)
        #expect(try Multipart.parse(pieces: [body[...]]).fields == ["text=hi"])
        let limits = MultipartLimits(maxBodyBytes: 1 << 20)
        #expect(try Multipart.parse(pieces: [body[...]], limits: limits).error == .bodyTooLarge(limit: 1 << 20))
    }

    @Test func `an epilogue is ignored but counts against the body's limit`() throws {
        let outcome = try Multipart.parse(hi + "\r\nepilogue\r\n--B\r\n")
        #expect(outcome.fields == ["text=hi"])
        #expect(outcome.error == nil)
        let limits = MultipartLimits(maxBodyBytes: hi.utf8.count + 4)
        #expect(
            try Multipart.parse(hi + "\r\nepilogue", limits: limits).error == .bodyTooLarge(limit: hi.utf8.count + 4))
    }

    @Test func `empty lines before the first boundary are ignored`() throws {
        #expect(try Multipart.parse("\r\n\r\n" + hi).fields == ["text=hi"])
    }

    @Test func `a closing boundary alone is a body of no parts`() throws {
        #expect(try Multipart.parse("--B--\r\n") == MultipartOutcome())
    }

    @Test(arguments: [
        "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhi\r\n--X--\r\n", "--B-X", "--BX\r\n", "",
    ])
    func `a body without its boundary is refused`(body: String) throws {
        #expect(try Multipart.parse(body).error == .boundaryNotFound(boundary: "B"))
    }

    @Test(arguments: ["x", "\n", "\rx", " x", String(repeating: " ", count: 65)])
    func `only blanks and a line end may follow the closing boundary`(end: String) throws {
        #expect(try Multipart.parse(hi + end).error == .invalidEnd)
    }

    @Test(arguments: [
        "\r\n--Bx", "\r\n--", "--B", "--B\rx", "\r\n--B-", "\r\n--B-x", "\r", "\r\r", "\r\n", "\r\n-", "\r\n--B\r",
        "\r\n--B\r\r",
        "\r\n--B \t\rx", "\r\n--B\n", "\n--B--\n", "\r\n\r\n--\r\n--b--",
    ])
    func `content that only resembles a boundary is kept byte for byte`(content: String) throws {
        for content in ["a" + content, "a" + content + "z", "a" + content + content + "z"] {
            let outcome = try Multipart.parse(Multipart.field(content))
            #expect(outcome.fields == ["text=\(content)"])
            #expect(outcome.error == nil)
        }
    }

    @Test func `content that resembles a boundary for longer than the blanks allowed is kept`() throws {
        let content = "a\r\n--B" + String(repeating: " ", count: 65)
        #expect(try Multipart.parse(Multipart.field(content)).fields == ["text=\(content)"])
    }

    @Test(arguments: ["\r", "\r\n", "\r\n--", "\r\n--B x", "\r\n--B-"])
    func `a mebibyte of beginnings is read in one pass`(pattern: String) throws {
        let content = Array(repeatElement(Array(pattern.utf8), count: (1 << 20) / pattern.utf8.count).joined()) + [0x78]
        let body = Multipart.field([0x61] + content)
        for size in [body.count, 4096, 7] {
            let pieces = stride(from: 0, to: body.count, by: size).map { body[$0..<min($0 + size, body.count)] }
            let outcome = try Multipart.parse(pieces: pieces)
            #expect(outcome.error == nil)
            let isWhole = outcome.parts.first?.content == [0x61] + content
            #expect(isWhole)
        }
    }

    @Test func `bare line feeds as line ends are refused`() throws {
        #expect(try Multipart.parse(hi.replacing("\r\n", with: "\n")).error == .boundaryNotFound(boundary: "B"))
        let headers = "--B\r\nContent-Disposition: form-data; name=\"text\"\n\nhi\r\n--B--\r\n"
        guard case .invalidHeader = try Multipart.parse(headers).error else {
            Issue.record("headers that end in LF were accepted")
            return
        }
    }

    @Test func `blanks may stand between a boundary and its line end, up to 64`() throws {
        func body(_ blanks: String) -> String {
            "--B\(blanks)\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhi\r\n--B--\(blanks)\r\n"
        }
        #expect(try Multipart.parse(body(" \t")).fields == ["text=hi"])
        #expect(try Multipart.parse(body(String(repeating: " ", count: 64))).fields == ["text=hi"])
        #expect(try Multipart.parse(body(String(repeating: " ", count: 65))).error == .invalidEnd)
    }

    @Test func `the blank line's end may belong to the next boundary`() throws {
        let outcome = try Multipart.parse("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n--B--\r\n")
        #expect(outcome.fields == ["a="])
        #expect(outcome.error == nil)
    }

    @Test func `an error stays`() throws {
        var parser = MultipartParser(boundary: try MultipartBoundary("B"), limits: MultipartLimits(maxBodyBytes: 1))
        let bytes = Array("--B--".utf8)
        for _ in 1...2 {
            #expect(throws: MultipartError.bodyTooLarge(limit: 1)) {
                try bytes.withUnsafeBytes { try parser.feed($0) { _ in } }
            }
        }
        #expect(throws: MultipartError.bodyTooLarge(limit: 1)) { try parser.finish() }
    }
}

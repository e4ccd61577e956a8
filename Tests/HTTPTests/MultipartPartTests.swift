import Testing

@testable import HTTP

/// Rows 17 to 27 of the adversarial list for multipart: headers and contents of parts.
@Suite struct MultipartPartTests {
    private let disposition = "Content-Disposition: form-data; name=\"image\""

    @Test(arguments: [
        "Content-<<<: x", ": x", "no colon", "Content-Type : image/png", " folded: x", "X: a\rb", "X\rY: b",
        "X: a\u{0}b",
        "X: a\u{7F}b", "X: a\nY: b", "é: x",
    ])
    func `a header that breaks the syntax is refused`(header: String) throws {
        let outcome = try Multipart.parse(Multipart.body(headers: [disposition, header]))
        guard case .invalidHeader(part: "the part \"image\"", reason: _) = outcome.error else {
            Issue.record("\(header.debugDescription) led to \(String(describing: outcome.error))")
            return
        }
        #expect(outcome.parts.isEmpty)
    }

    @Test func `a carriage return without line feed does not end the headers`() throws {
        let outcome = try Multipart.parse("--B\r\n\(disposition)\r\n\rQ\r\n--B--\r\n")
        #expect(outcome.error == .invalidHeader(part: "the part \"image\"", reason: "a CR without LF"))
    }

    @Test func `eight headers are the most`() throws {
        let more = (2...9).map { "X-\($0): y" }
        #expect(try Multipart.parse(Multipart.body(headers: [disposition] + more.dropLast())).fields == ["image=x"])
        let outcome = try Multipart.parse(Multipart.body(headers: [disposition] + more))
        #expect(outcome.error?.description.contains("more than 8 headers") == true)
    }

    @Test func `a header of 4224 bytes is the longest`() throws {
        func header(_ length: Int) -> String { "X: " + String(repeating: "y", count: length - 3) }
        #expect(try Multipart.parse(Multipart.body(headers: [disposition, header(4224)])).fields == ["image=x"])
        let outcome = try Multipart.parse(Multipart.body(headers: [disposition, header(4225)]))
        #expect(outcome.error?.description.contains("more than 4224 bytes") == true)
        #expect(outcome.error?.status == 400)
    }

    @Test(arguments: [
        [], ["Content-Type: image/png"], ["Content-Disposition: attachment; name=\"a\""],
        ["Content-Disposition: form-data"], ["Content-Disposition: form-data; name=\"\""],
        ["Content-Disposition: form-data; name=\"a"], ["Content-Disposition: form-data; name=\"a\"; name=\"b\""],
        ["Content-Disposition: form-data; filename=\"a\""], ["Content-Disposition: form-data; name=\"a\" x"],
        ["Content-Disposition: form-data; name=\"a\"", "Content-Disposition: form-data; name=\"b\""],
    ])
    func `a part needs one form-data disposition with one name`(headers: [String]) throws {
        let outcome = try Multipart.parse(Multipart.body(headers: headers))
        guard case .invalidDisposition = outcome.error else {
            Issue.record("\(headers) led to \(String(describing: outcome.error))")
            return
        }
    }

    @Test func `a name that is not UTF-8 is refused`() throws {
        var body = Array(Multipart.field("x", name: "?").utf8)
        if let mark = body.firstIndex(of: UInt8(ascii: "?")) { body[mark] = 0xFF }
        #expect(
            try Multipart.parse(body).error
                == .invalidDisposition(part: "part 1", reason: "has a name that is not UTF-8"))
    }

    @Test func `parts of the same name are all given, in order`() throws {
        let one = "--B\r\n\(disposition)\r\n\r\n"
        #expect(try Multipart.parse(one + "a\r\n" + one + "b\r\n--B--\r\n").fields == ["image=a", "image=b"])
    }

    @Test(arguments: [
        ("filename=\"../../etc/passwd\"", "../../etc/passwd"), ("filename=\"a\\\"b\"", "a\"b"),
        ("filename=\"é.jpg\"", "é.jpg"), ("filename=\"C:\\dir\\a.jpg\"", "C:\\dir\\a.jpg"), ("filename=\"a;b\"", "a;b"),
        ("filename=\"a\\\\b\"", "a\\b"), ("filename=a.jpg", "a.jpg"), ("FileName=\"x\"", "x"),
        ("filename=\"x\"; filename*=UTF-8''y", "x"),
    ])
    func `a file name is kept as it is, for display`(parameter: String, filename: String) throws {
        let outcome = try Multipart.parse(Multipart.body(headers: ["\(disposition); \(parameter)"]))
        #expect(outcome.error == nil)
        #expect(outcome.parts.map(\.part.filename) == [filename])
    }

    @Test func `an extended file name alone says that the part is a file`() throws {
        let outcome = try Multipart.parse(Multipart.body(headers: ["\(disposition); filename*=UTF-8''x"]))
        #expect(outcome.parts.map(\.part) == [MultipartPart(name: "image", filename: "UTF-8''x")])
    }

    @Test(arguments: ["base64", "quoted-printable", "x-gzip", ""])
    func `an encoded part is refused instead of passed on encoded`(encoding: String) throws {
        let outcome = try Multipart.parse(
            Multipart.body(headers: [disposition, "Content-Transfer-Encoding: \(encoding)"]))
        #expect(outcome.error == .unsupportedEncoding(part: "the part \"image\"", encoding: encoding))
    }

    @Test(arguments: ["binary", "8bit", "7BIT"])
    func `an encoding that changes nothing is accepted`(encoding: String) throws {
        let outcome = try Multipart.parse(
            Multipart.body(headers: [disposition, "Content-Transfer-Encoding: \(encoding)"]))
        #expect(outcome.fields == ["image=x"])
    }

    @Test func `a part's type is passed on as a hint, nil if it declares none`() throws {
        let typed = try Multipart.parse(
            Multipart.body(headers: [disposition, "content-type:  image/png "], content: "\u{FF}\u{D8}"))
        #expect(typed.parts.map(\.part) == [MultipartPart(name: "image", contentType: "image/png")])
        #expect(try Multipart.parse(Multipart.body(headers: [disposition])).parts.map(\.part.contentType) == [nil])
    }

    @Test func `a text is UTF-8 without its byte order mark`() throws {
        let part = MultipartPart(name: "text", contentType: "text/plain; charset=UTF-8")
        #expect(try part.text(Array("é".utf8)) == "é")
        #expect(try part.text([0xEF, 0xBB, 0xBF, 0x61]) == "a")
        #expect(throws: MultipartError.self) { try part.text([0xC3]) }
        #expect(throws: MultipartError.self) { try part.text([0xED, 0xA0, 0x80]) }
    }

    @Test(arguments: ["ISO-8859-1", "iso-8859-1", "latin1", "windows-1252", "\"ISO-8859-1\""])
    func `a text that says it is Latin-1 is read as such`(charset: String) throws {
        let part = MultipartPart(name: "text", contentType: "text/plain; charset=\(charset)")
        #expect(try part.text(Array("a dog".utf8)) == "a dog")
        #expect(try part.text([0x63, 0x61, 0x66, 0xE9, 0x20, 0x93, 0x80, 0x94, 0xFF]) == "café “€”ÿ")
    }

    @Test func `a charset that is not read is refused by its name`() throws {
        let other = MultipartPart(name: "text", contentType: "text/plain; charset=utf-16")
        let error = #expect(throws: MultipartError.self) { try other.text([0x61]) }
        #expect(error?.status == 400)
        #expect(error?.description.contains("utf-16") == true)
    }

    @Test func `more parts than allowed are refused by name of the option`() throws {
        let part = "--B\r\n\(disposition)\r\n\r\na\r\n"
        let limits = MultipartLimits(maxParts: 3)
        #expect(try Multipart.parse(String(repeating: part, count: 3) + "--B--", limits: limits).fields.count == 3)
        let outcome = try Multipart.parse(String(repeating: part, count: 4) + "--B--", limits: limits)
        #expect(outcome.fields.count == 3)
        #expect(outcome.error == .tooManyParts(limit: 3))
        #expect(outcome.error?.status == 400)
        #expect(outcome.error?.description.contains("--max-parts") == true)
        let many = Array(String(repeating: part, count: 1001).utf8)
        #expect(try Multipart.parse(pieces: [many[...]]).error == .tooManyParts(limit: 64))
    }

    @Test func `a part over its limit is refused by name, limit and option`() throws {
        let limits = MultipartLimits(maxPartBytes: 5)
        #expect(try Multipart.parse(Multipart.field("12345"), limits: limits).fields == ["text=12345"])
        let outcome = try Multipart.parse(Multipart.field("12\r\n5"), limits: limits)
        #expect(outcome.error == nil)
        let tooLarge = try Multipart.parse(Multipart.field("12\r\n56"), limits: limits)
        #expect(tooLarge.error == .partTooLarge(part: "the part \"text\"", limit: 5))
        #expect(tooLarge.parts.map(\.content) == [Array("12\r\n5".utf8)])
        #expect(tooLarge.error?.status == 413)
        #expect(tooLarge.error?.code == "body_too_large")
        #expect(
            tooLarge.error?.description
                == "the part \"text\" has more than 5 bytes, which is the most allowed (--max-part)")
    }

    @Test func `a body over its limit is refused by limit and option`() throws {
        let body = Multipart.field("hi")
        #expect(try Multipart.parse(body, limits: MultipartLimits(maxBodyBytes: body.utf8.count)).error == nil)
        let outcome = try Multipart.parse(body, limits: MultipartLimits(maxBodyBytes: body.utf8.count - 1))
        #expect(outcome.error == .bodyTooLarge(limit: body.utf8.count - 1))
        #expect(outcome.error?.status == 413)
        #expect(outcome.error?.description.contains("--max-body") == true)
    }

    @Test func `an empty file is refused, an empty field is not`() throws {
        let outcome = try Multipart.parse(Multipart.body(headers: ["\(disposition); filename=\"a\""], content: ""))
        #expect(outcome.error == .emptyFile(part: "the part \"image\""))
        #expect(outcome.fields.isEmpty)
        #expect(try Multipart.parse(Multipart.field("")).fields == ["text="])
    }

    @Test func `a file input in which no file was chosen is no empty file`() throws {
        let headers = ["\(disposition); filename=\"\"", "Content-Type: application/octet-stream"]
        let outcome = try Multipart.parse(Multipart.body(headers: headers, content: ""))
        #expect(outcome.error == nil)
        #expect(outcome.parts.map(\.part.mayBeUnchosen) == [true])
        #expect(outcome.fields == ["image="])
    }

    @Test(arguments: ["multipart/mixed; boundary=C", "Multipart/Form-Data"])
    func `a multipart within a part is refused`(type: String) throws {
        let outcome = try Multipart.parse(Multipart.body(headers: [disposition, "Content-Type: \(type)"]))
        #expect(outcome.error == .nested(part: "the part \"image\""))
    }
}

import Testing

@testable import HTTP

/// Rows 4 to 6 of the adversarial list for multipart: the boundary in Content-Type.
@Suite struct MultipartBoundaryTests {
    @Test(arguments: [
        ("multipart/form-data; boundary=B", "B"),
        ("Multipart/Form-Data;BOUNDARY=B", "B"),
        ("multipart/form-data; charset=utf-8; boundary=\"B\"", "B"),
        ("multipart/form-data ; boundary=B ;", "B"),
        ("multipart/form-data; boundary=\"a b'()+_,-./:=?\"", "a b'()+_,-./:=?"),
        ("multipart/form-data; boundary=a;b=c", "a"),
        (
            "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
            "----WebKitFormBoundary7MA4YWxkTrZu0gW"
        ),
        ("multipart/form-data; boundary=----=_Part_1", "----=_Part_1"),
        ("multipart/form-data; boundary=*****", "*****"),
        ("multipart/form-data;boundary=a@b&c%d#e!f[g]h{i}j~k$", "a@b&c%d#e!f[g]h{i}j~k$"),
        ("multipart/form-data; boundary=\"a;\\\"b\"", "a;\"b"),
    ])
    func `a boundary is read from the content type`(contentType: String, boundary: String) throws {
        #expect(try MultipartBoundary(contentType: contentType).text == boundary)
    }

    @Test func `a quoted boundary with blanks and signs separates parts`() throws {
        let boundary = "a b'()+_,-./:=?"
        let body = Multipart.field("hi").replacing("--B", with: "--" + boundary)
        #expect(try Multipart.parse(body, boundary: boundary).fields == ["text=hi"])
    }

    @Test(arguments: [
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=\"a",
        "multipart/form-data; boundary=a b",
        "multipart/form-data; boundary=a; boundary=b", "multipart/form-data; boundary=\"a\rb\"",
        "multipart/form-data; boundary=a;b", "multipart/form-data; boundary=\"é\"",
    ])
    func `a boundary that is missing or malformed is refused`(contentType: String) {
        let error = #expect(throws: MultipartError.self) { try MultipartBoundary(contentType: contentType) }
        #expect(error?.status == 400)
        #expect(error?.code == "malformed_multipart")
    }

    @Test(arguments: [
        "*****", "@&%#!", "[{~$}]", "--", String(repeating: "b", count: 71), String(repeating: "-*", count: 150),
    ])
    func `a boundary may have any visible characters, and many of them`(boundary: String) throws {
        let body = Multipart.field("hi\r\n--\(boundary.dropLast())").replacing("--B", with: "--" + boundary)
        #expect(
            try Multipart.parse(body, boundary: boundary).fields == ["text=hi\r\n--\(boundary.dropLast())"])
    }

    @Test(arguments: ["image/jpeg", "multipart/mixed; boundary=B", "multipart/form-data-x; boundary=B", ""])
    func `another content type is not read as a form`(contentType: String) {
        #expect(!MultipartBoundary.isFormData(contentType))
        let error = #expect(throws: MultipartError.notFormData(contentType: contentType)) {
            try MultipartBoundary(contentType: contentType)
        }
        #expect(error?.status == 415)
    }
}

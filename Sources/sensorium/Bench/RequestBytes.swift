/// Requests as the bytes that go over the wire, made once and sent many times.
enum RequestBytes {
    /// A `GET`.
    static func get(_ target: Target) -> [UInt8] {
        Array("GET \(target.path) HTTP/1.1\r\nHost: \(target.host)\r\n\r\n".utf8)
    }

    /// A `POST` of a form with one photo and some fields.
    static func form(_ target: Target, file: [UInt8], fields: [(String, String)]) -> [UInt8] {
        var form = MultipartForm()
        for (name, value) in fields { form.add(name, value) }
        form.add("image", file: file)
        return post(target, type: form.type, form.body)
    }

    /// A `POST` of any body.
    static func post(_ target: Target, type: String, _ body: [UInt8]) -> [UInt8] {
        Array(
            ("POST \(target.path) HTTP/1.1\r\nHost: \(target.host)\r\nContent-Type: \(type)\r\n"
                + "Content-Length: \(body.count)\r\n\r\n").utf8) + body
    }
}

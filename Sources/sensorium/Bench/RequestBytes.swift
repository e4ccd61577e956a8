/// Requests as the bytes that go over the wire, made once and sent many times.
enum RequestBytes {
    private static let boundary = "sensorium-bench-3f1c"

    /// A `GET`.
    static func get(_ target: Target) -> [UInt8] {
        Array("GET \(target.path) HTTP/1.1\r\nHost: \(target.host)\r\n\r\n".utf8)
    }

    /// A `POST` of a form with one file and some fields.
    static func form(_ target: Target, file: [UInt8], part: String = "image", fields: [(String, String)]) -> [UInt8] {
        let (type, body) = form(file: file, part: part, fields: fields)
        return post(target, type: type, body)
    }

    /// A form with one file and some fields, and its media type.
    static func form(
        file: [UInt8], part: String = "image", fields: [(String, String)]
    ) -> (type: String, body: [UInt8]) {
        var body: [UInt8] = []
        for (name, value) in fields {
            body += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
        }
        body += Array(
            ("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part)\"; filename=\"photo.jpg\"\r\n"
                + "Content-Type: image/jpeg\r\n\r\n").utf8)
        body += file
        body += Array("\r\n--\(boundary)--\r\n".utf8)
        return ("multipart/form-data; boundary=\(boundary)", body)
    }

    /// A `POST` of any body.
    static func post(_ target: Target, type: String, _ body: [UInt8]) -> [UInt8] {
        Array(
            ("POST \(target.path) HTTP/1.1\r\nHost: \(target.host)\r\nContent-Type: \(type)\r\n"
                + "Content-Length: \(body.count)\r\n\r\n").utf8) + body
    }
}

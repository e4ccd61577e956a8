/// Requests as the bytes that go over the wire, made once and sent many times.
struct RequestBytes {
    private let target: Target
    private let lines: String

    /// Requests to `target` that carry these header fields beside their own.
    init(_ target: Target, fields: [(name: String, value: String)] = []) {
        self.target = target
        lines = fields.map { "\($0.name): \($0.value)\r\n" }.joined()
    }

    /// A `GET`.
    var get: [UInt8] { Array(head("GET").utf8) }

    /// A `POST` of a form with one photo and some fields.
    func form(file: [UInt8], fields: [(String, String)]) -> [UInt8] {
        var form = MultipartForm()
        for (name, value) in fields { form.add(name, value) }
        form.add("image", file: file)
        return send(type: form.type, form.body)
    }

    /// A request with any body.
    func send(_ method: String = "POST", type: String, _ body: [UInt8]) -> [UInt8] {
        announcing(body.count, method, type: type) + body
    }

    /// The head of a request whose body has so many bytes.
    func announcing(_ count: Int, _ method: String = "POST", type: String) -> [UInt8] {
        Array(head(method, "Content-Type: \(type)\r\nContent-Length: \(count)\r\n").utf8)
    }

    private func head(_ method: String, _ more: String = "") -> String {
        "\(method) \(target.path) HTTP/1.1\r\nHost: \(target.host)\r\n\(lines)\(more)\r\n"
    }
}

/// A `multipart/form-data` body in the making.
struct MultipartForm {
    private let boundary: String
    private var parts: [UInt8] = []

    /// An empty form. What separates its parts is too long and too random to be in a file by chance.
    init() {
        boundary = "sensorium-" + (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
    }

    /// Adds a text.
    mutating func add(_ name: String, _ value: String) {
        parts += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
    }

    /// Adds an option, where there is a value.
    mutating func add(_ name: String, option value: (some CustomStringConvertible)?) {
        if let value { add(name, "\(value)") }
    }

    /// Adds a file, whose format the server tells by its bytes.
    mutating func add(_ name: String, file: [UInt8]) {
        parts += Array(
            ("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"file\"\r\n"
                + "Content-Type: application/octet-stream\r\n\r\n").utf8)
        parts += file
        parts += Array("\r\n".utf8)
    }

    /// Its media type.
    var type: String { "multipart/form-data; boundary=\(boundary)" }

    /// The whole body.
    var body: [UInt8] { parts + Array("--\(boundary)--\r\n".utf8) }
}

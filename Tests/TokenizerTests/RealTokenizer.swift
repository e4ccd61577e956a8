import Glibc
import JSON
import Tokenizer

/// The tokenizer of the default checkpoint, read once, and the golden files.
enum RealTokenizer {
    static let path = "\(repository)/models/sensorium-base/tokenizer.json"

    static func load() throws -> Tokenizer {
        try loaded.get()
    }

    /// A file of Tests/Fixtures/tokenizer, as text.
    static func fixture(_ name: String) throws -> String {
        String(decoding: try bytes(name), as: UTF8.self)
    }

    /// A file of Tests/Fixtures/tokenizer.
    static func bytes(_ name: String) throws -> [UInt8] {
        guard let file = fopen(path(of: name), "r") else { throw MissingFixture(name: name) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        return bytes
    }

    /// Where a file of Tests/Fixtures/tokenizer is.
    static func path(of name: String) -> String { "\(repository)/Tests/Fixtures/tokenizer/\(name)" }

    private struct MissingFixture: Error {
        let name: String
    }

    private static let loaded = Result { try Tokenizer(contentsOf: path) }

    private static let repository = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
}

extension JSONObject {
    /// The same object with other values for some keys, which keep their places; nil takes a key out.
    func replacing(_ replacements: [String: JSONValue?]) -> JSONObject {
        var object = JSONObject()
        var rest = replacements
        for (key, value) in self {
            if let replacement = rest.removeValue(forKey: key) {
                if let replacement { _ = object.append(key, replacement) }
            } else {
                _ = object.append(key, value)
            }
        }
        for (key, replacement) in rest.sorted(by: { $0.key < $1.key }) {
            if let replacement { _ = object.append(key, replacement) }
        }
        return object
    }
}

import Glibc

/// A checkpoint in a temporary folder, made of parts that a test may spoil; removed when the last reference goes.
final class CheckpointFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/sensorium-checkpoint-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CallFailed(call: "mkdtemp") }
        path = String(cString: made)
    }

    deinit {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if unlink("\(path)/\(name)") != 0, name != ".", name != ".." { rmdir("\(path)/\(name)") }
            }
            closedir(folder)
        }
        rmdir(path)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        guard let file = fopen("\(path)/\(name)", "w") else { throw CallFailed(call: "fopen") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw CallFailed(call: "fwrite") }
    }

    func write(_ name: String, _ text: String) throws {
        try write(name, Array(text.utf8))
    }

    /// Puts one file in the place of another at once, as an installer should.
    func rename(_ name: String, _ newName: String) throws {
        guard Glibc.rename("\(path)/\(name)", "\(path)/\(newName)") == 0 else { throw CallFailed(call: "rename") }
    }

    func makeFolder(_ name: String) throws {
        guard mkdir("\(path)/\(name)", 0o700) == 0 else { throw CallFailed(call: "mkdir") }
    }

    func remove(_ name: String) {
        unlink("\(path)/\(name)")
    }

    struct CallFailed: Error {
        let call: String
    }
}

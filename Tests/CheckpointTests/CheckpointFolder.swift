import Checkpoint
import Glibc
import JSON

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
                unlink("\(path)/\(name)")
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

    struct CallFailed: Error {
        let call: String
    }
}

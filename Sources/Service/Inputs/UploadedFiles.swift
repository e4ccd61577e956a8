import Synchronization

/// The files of one request. Taken out once, so that an upload's memory is free again as soon as it is decoded.
final class UploadedFiles: Sendable {
    private let files = Mutex<[String: [UInt8]]>([:])

    func add(_ name: String, _ bytes: [UInt8]) {
        files.withLock { $0[name] = bytes }
    }

    func has(_ name: String) -> Bool {
        files.withLock { $0[name] != nil }
    }

    /// Takes the bytes of a file out; nil where there is none (any more).
    func take(_ name: String) -> [UInt8]? {
        files.withLock { $0.removeValue(forKey: name) }
    }
}

import Foundation
import Synchronization

/// The folder that holds the collections: made where it is missing, and locked by one process at a time. The lock ends with
/// the process, however that ends.
final class DataFolder: Sendable {
    /// Its path as it was given.
    let path: String
    private let lock: Mutex<Int32?>

    /// The database of all collections.
    var database: String { path + "/collections.sqlite" }

    init(_ path: String) throws(RetrievalError) {
        self.path = path
        do {
            // Metadata and embeddings are nobody else's business.
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .unusableFolder(path: path, reason: "it cannot be made: \(String(cString: strerror(errno)))")
        }
        let file = path + "/lock"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unusableFolder(path: path, reason: "\(file) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.owner(descriptor)
            close(descriptor)
            throw .folderInUse(path: path, owner: owner)
        }
        ftruncate(descriptor, 0)
        let number = Array("\(getpid())\n".utf8)
        pwrite(descriptor, number, number.count, 0)
        lock = Mutex(descriptor)
    }

    deinit { release() }

    /// Lets go of the folder.
    func release() {
        lock.withLock { lock in
            if let descriptor = lock {
                // A child process that has not begun its program yet has the descriptor too, and closing ours would leave it the lock.
                flock(descriptor, LOCK_UN)
                close(descriptor)
            }
            lock = nil
        }
    }

    /// Makes the names of new files survive a loss of power.
    func synchronize() {
        for folder in [path, path + "/.."] {
            let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            fsync(descriptor)
            close(descriptor)
        }
    }

    private static func owner(_ lock: Int32) -> Int? {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(lock, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int(String(decoding: bytes[..<count].prefix { $0 != 0x0A }, as: UTF8.self))
    }
}

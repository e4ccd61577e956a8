import Glibc
import OperatingSystem
import Synchronization

/// The folder that holds the collections: made where it is missing, and locked by one process at a time. The lock ends with
/// the process, however that ends. The folder and its files are their owner's alone.
final class DataFolder: Sendable {
    /// Its path as it was given.
    let path: String
    private let lock: Mutex<Int32?>

    /// The database of all collections.
    var database: String { path + "/collections.sqlite" }
    /// The database's log, which holds what was committed lately.
    var log: String { database + "-wal" }
    /// Where processes that share the log find their way in it; made anew at each start.
    var logIndex: String { database + "-shm" }
    /// Says how far the database must be.
    var manifest: String { path + "/manifest" }
    /// Space that is kept aside.
    var reserve: String { path + "/reserve" }

    init(_ path: String) throws(RetrievalError) {
        self.path = path
        do throws(Folder.Refused) {
            try Folder.make(path, mode: 0o700)
        } catch {
            throw .unusableFolder(path: path, reason: "it cannot be made: \(String(cString: strerror(error.code)))")
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
        closeToOthers()
    }

    /// Metadata and embeddings are nobody else's business: 0700 for the folder, 0600 for its files, which SQLite gives to those
    /// that it makes beside the database. A folder of another user stays as it is, for its files are closed anyway.
    private func closeToOthers() {
        chmod(path, 0o700)
        for file in [path + "/lock", database, log, logIndex, manifest, reserve] { chmod(file, 0o600) }
    }

    /// Makes an empty file for a database, which SQLite would let others read.
    static func touch(_ path: String) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }

    /// The length of a file in bytes; nil where there is none.
    static func length(of path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    /// The first of `path`, `path-2`, `path-3`, … that no file has.
    static func freeName(_ path: String) -> String {
        var free = path
        var number = 1
        while [free, free + "-wal"].contains(where: { length(of: $0) != nil }) {
            number += 1
            free = "\(path)-\(number)"
        }
        return free
    }

    /// Brings a file's bytes to the disk; false where that fails, with `errno`.
    static func synchronize(file: String) -> Bool {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
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

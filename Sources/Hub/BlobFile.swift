import Glibc

/// The content of a file while it is fetched: what has come is kept in `blobs/<etag>.incomplete` and added to, and becomes
/// `blobs/<etag>` once it is whole and what the hub says it is.
///
/// Whoever has one holds the lock of its name, as huggingface_hub does, so that of two that fetch the same one waits, and finds it.
final class BlobFile {
    /// What is being fetched.
    let file: HubClient.File
    /// How many bytes there are.
    private(set) var count = 0

    private let path: String
    private var partial: String { "\(path).incomplete" }
    private let lock: FileLock
    private var descriptor: Int32 = -1
    private let digest: ContentDigest?

    /// Waits for the lock, and opens what there is already.
    init(_ file: HubClient.File, _ reference: HubReference, _ cache: HubCache) throws {
        self.file = file
        path = "\(cache.folder(reference))/blobs/\(file.etag)"
        lock = try FileLock("\(cache.root)/.locks/\(reference.folderName)/\(file.etag).lock")
        digest = ContentDigest(etag: file.etag, size: file.size)
        if isComplete {
            count = file.size ?? 0
            return
        }
        descriptor = open(partial, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw HubError.cache(path: partial, reason: systemReason()) }
        try takeWhatIsThere()
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether somebody has fetched it already.
    var isComplete: Bool { access(path, F_OK) == 0 }

    /// Whether every byte is there.
    var isWhole: Bool { file.size.map { count >= $0 } ?? false }

    /// Adds bytes that stand at `position`.
    func add(_ bytes: UnsafeRawBufferPointer, at position: Int) throws {
        // A hub that sends it all, though the rest was asked for.
        if position != count {
            guard position == 0 else {
                throw HubConnection.Broken(
                    reason: "it sends \(file.path) from byte \(position) on in place of \(count)")
            }
            try clear()
        }
        if let size = file.size, count + bytes.count > size {
            throw HubConnection.Broken(reason: "it sends more of \(file.path) than its \(size) bytes")
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let written = write(descriptor, part.baseAddress, part.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                if errno == ENOSPC || errno == EDQUOT {
                    throw HubError.diskFull(folder: path, needed: max(0, (file.size ?? 0) - count))
                }
                throw HubError.cache(path: partial, reason: systemReason())
            }
            digest?.take(UnsafeRawBufferPointer(rebasing: rest.prefix(written)))
            count += written
            rest = rest.dropFirst(written)
        }
    }

    /// Holds what has come to what the hub says, and puts it in its place. Gives what is wrong with a content that is otherwise: that is
    /// thrown away.
    func finish() throws -> HubError? {
        if let size = file.size, count != size {
            throw HubConnection.Broken(reason: "\(file.path) ended after \(count) of \(size) bytes")
        }
        if let found = digest?.finish(), found != file.etag {
            try clear()
            return .wrongDigest(file: file.path, expected: file.etag, found: found)
        }
        guard fsync(descriptor) == 0, rename(partial, path) == 0 else {
            throw HubError.cache(path: path, reason: systemReason())
        }
        return nil
    }

    /// Throws away what has come.
    func clear() throws {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw HubError.cache(path: partial, reason: systemReason())
        }
        count = 0
        digest?.restart()
    }

    private func takeWhatIsThere() throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let got = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw HubError.cache(path: partial, reason: systemReason()) }
            if got == 0 { break }
            buffer.withUnsafeBytes { digest?.take(UnsafeRawBufferPointer(rebasing: $0.prefix(got))) }
            count += got
        }
        // Of what has no known length nobody could tell where it ends.
        if count > file.size ?? 0 { try clear() }
    }
}

/// A lock between processes that lasts as long as the object (flock(2), as huggingface_hub's).
final class FileLock {
    private let descriptor: Int32

    /// Waits for it.
    init(_ path: String) throws {
        while true {
            let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o664)
            guard opened >= 0 else { throw HubError.cache(path: path, reason: systemReason()) }
            while flock(opened, LOCK_EX) != 0 {
                guard errno == EINTR else {
                    let reason = systemReason()
                    close(opened)
                    throw HubError.cache(path: path, reason: reason)
                }
            }
            // Whoever had it may have removed the file: then a lock on it is nobody's.
            var held = stat()
            var named = stat()
            if fstat(opened, &held) == 0, stat(path, &named) == 0, held.st_ino == named.st_ino {
                descriptor = opened
                return
            }
            close(opened)
        }
    }

    deinit { close(descriptor) }
}

/// What the system says of the last failed call, or of an error number.
func systemReason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

import Glibc

/// A file mapped read-only into memory, unmapped when the last reference goes.
///
/// Replacing the file by renaming another over it is safe: the mapping keeps the old one. Truncating it in place while
/// it is mapped kills the process with SIGBUS, as with every mapped file; install checkpoints by rename.
final class FileMapping: Sendable {
    /// The contents. `nonisolated(unsafe)` is sound: the pages are never written, and they stay mapped as long as
    /// this object lives.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    init(path: String, file: String) throws(CheckpointProblem) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(file: file, reason: Self.reason()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(file: file, reason: Self.reason()) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(file: file, reason: "it is not a regular file")
        }
        let count = Int(status.st_size)
        if count == 0 {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw .unreadable(file: file, reason: Self.reason())
        }
        bytes = UnsafeRawBufferPointer(start: base, count: count)
    }

    deinit {
        if let base = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
        }
    }

    /// Lets the system take the pages back; a later read fetches them from the file again.
    func release() {
        if let base = bytes.baseAddress {
            madvise(UnsafeMutableRawPointer(mutating: base), bytes.count, MADV_DONTNEED)
        }
    }

    /// What the system says of the last failed call.
    static func reason() -> String {
        String(cString: strerror(errno))
    }
}

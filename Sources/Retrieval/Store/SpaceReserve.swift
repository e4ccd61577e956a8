import Glibc

/// A file that only takes up room. On a full disk nothing could be removed, since a removal is written to the log first: then
/// the file makes way until that is done.
struct SpaceReserve: Sendable {
    private let path: String
    private let bytes: Int

    /// - Parameter bytes: more than the log may have that is not in the database yet.
    init(_ folder: DataFolder, bytes: Int) {
        path = folder.reserve
        self.bytes = bytes
    }

    /// Takes the room up, where there is as much.
    func keep() {
        guard DataFolder.length(of: path) != bytes else { return }
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        let isKept = posix_fallocate(descriptor, 0, off_t(bytes)) == 0
        close(descriptor)
        // A part would not do, and nobody would try to have the whole again.
        if !isKept { unlink(path) }
    }

    /// Makes way.
    func release() { unlink(path) }
}

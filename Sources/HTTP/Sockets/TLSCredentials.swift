import Glibc
import Synchronization

/// A server's certificate and key as they stand on disk, which are read again when they change: new connections get the new
/// ones, those that are open keep what they began with.
final class TLSCredentials: Sendable {
    /// What tells one content of a file from another without reading it.
    private struct Stamp: Equatable {
        let device, inode: UInt
        let size, seconds, nanoseconds: Int

        /// Nil where there is no such file.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            (device, inode) = (UInt(status.st_dev), UInt(status.st_ino))
            (size, seconds, nanoseconds) = (Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        }
    }

    private struct State {
        var context: TLSContext
        /// What the files were when they were tried last, successfully or not.
        var tried: [Stamp?]
    }

    private let certificatePath: String
    private let keyPath: String
    private let state: Mutex<State>

    init(certificatePath: String, keyPath: String) throws(HTTPServerError) {
        (self.certificatePath, self.keyPath) = (certificatePath, keyPath)
        // Looked at before they are read: a change in between is seen as one.
        let stamps = [Stamp(certificatePath), Stamp(keyPath)]
        state = Mutex(
            State(context: try TLSContext(certificatePath: certificatePath, keyPath: keyPath), tried: stamps))
    }

    /// A session for a new connection; nil when memory is short.
    func makeSession() -> TLSSession? { state.withLock(\.context).makeSession() }

    /// Reads certificate and key again. If they cannot be used, those in use stay.
    /// - Parameter onlyIfChanged: leaves out files that are what they were when they were tried last.
    /// - Returns: whether new ones are in use.
    func renew(onlyIfChanged: Bool) throws(HTTPServerError) -> Bool {
        let stamps = [Stamp(certificatePath), Stamp(keyPath)]
        let isKnown = state.withLock { state in
            defer { state.tried = stamps }
            return state.tried == stamps
        }
        if onlyIfChanged, isKnown { return false }
        let context = try TLSContext(certificatePath: certificatePath, keyPath: keyPath)
        state.withLock { $0.context = context }
        return true
    }
}

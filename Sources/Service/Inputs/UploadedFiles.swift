import Synchronization

/// The files of one request, and the memory set aside for its body. Dropped one by one, so that an upload's memory is free
/// again as soon as it is decoded.
final class UploadedFiles: Sendable {
    private struct State {
        var files: [String: [UInt8]] = [:]
        var reservation: MemoryReservation?
    }

    private let state = Mutex(State())

    func add(_ name: String, _ bytes: [UInt8]) {
        state.withLock { $0.files[name] = bytes }
    }

    func has(_ name: String) -> Bool {
        state.withLock { $0.files[name] != nil }
    }

    /// The bytes of a file; nil where there is none (any more).
    func peek(_ name: String) -> [UInt8]? {
        state.withLock { $0.files[name] }
    }

    /// Gives a file another name.
    func move(_ name: String, to other: String) {
        state.withLock { state in
            if let bytes = state.files.removeValue(forKey: name) { state.files[other] = bytes }
        }
    }

    /// Forgets the bytes of a file.
    func drop(_ name: String) {
        _ = state.withLock { $0.files.removeValue(forKey: name) }
    }

    /// Keeps the reservation as long as the files are there.
    func hold(_ reservation: MemoryReservation) {
        state.withLock { $0.reservation = reservation }
    }

    /// Lets the files be taken back, while they wait to be decoded, for another client that has less: then they are dropped and
    /// `isTakenBack` is called.
    func offer(_ isTakenBack: @escaping @Sendable () -> Void) {
        state.withLock(\.reservation)?.offer { [weak self] in
            self?.state.withLock { $0.files = [:] }
            isTakenBack()
        }
    }

    /// The files are used from now on; false where they were taken back.
    func settle() -> Bool { state.withLock(\.reservation)?.settle() ?? true }

    /// The bytes are no longer needed.
    func release() {
        let reservation = state.withLock { state in
            defer { state.reservation = nil }
            return state.reservation
        }
        reservation?.release()
    }
}

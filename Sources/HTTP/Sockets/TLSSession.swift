import COpenSSL

/// One connection's TLS, between two memory buffers: it never touches the socket, so that reading, writing, time-outs and
/// signals stay in one place for plain and encrypted connections alike.
final class TLSSession {
    /// What came of asking for decrypted octets.
    enum Decrypted {
        case octets(Int)
        /// More of the peer's octets are needed.
        case needsMore
        /// The peer said that it will send nothing more (close_notify).
        case ended
        /// The peer does not speak TLS, or broke its rules.
        case failed
    }

    private let session: OpaquePointer
    /// Owned by the session.
    private let fromPeer: OpaquePointer
    private let toPeer: OpaquePointer
    private var isShut = false

    /// Takes over a session of OpenSSL's.
    init?(owning session: OpaquePointer) {
        guard let fromPeer = BIO_new(BIO_s_mem()), let toPeer = BIO_new(BIO_s_mem()) else {
            SSL_free(session)
            return nil
        }
        self.session = session
        self.fromPeer = fromPeer
        self.toPeer = toPeer
        SSL_set_bio(session, fromPeer, toPeer)
        SSL_set_accept_state(session)
    }

    deinit { SSL_free(session) }

    /// Takes octets of the peer.
    func feed(_ bytes: UnsafeRawBufferPointer) {
        // A memory buffer takes everything or is out of memory, which the next decryption reports.
        _ = BIO_write(fromPeer, bytes.baseAddress, Int32(bytes.count))
    }

    /// Decrypts, shaking hands first if need be.
    func decrypt(into buffer: UnsafeMutableRawBufferPointer) -> Decrypted {
        ERR_clear_error()
        let count = SSL_read(session, buffer.baseAddress, Int32(buffer.count))
        if count > 0 { return .octets(Int(count)) }
        switch SSL_get_error(session, count) {
        case SSL_ERROR_WANT_READ: return .needsMore
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            isShut = true
            return .failed
        }
    }

    /// Encrypts up to one record; returns how many octets were taken, 0 if the session is broken.
    func encrypt(_ bytes: UnsafeRawBufferPointer) -> Int {
        ERR_clear_error()
        let count = SSL_write(session, bytes.baseAddress, Int32(min(bytes.count, 16 << 10)))
        if count <= 0 { isShut = true }
        return max(0, Int(count))
    }

    /// Moves what is to be sent to the peer into `output`.
    func drain(into output: inout OutputQueue) {
        while true {
            let pending = BIO_ctrl_pending(toPeer)
            guard pending > 0 else { return }
            output.append(
                [UInt8](unsafeUninitializedCapacity: pending) { buffer, count in
                    count = max(0, Int(BIO_read(toPeer, buffer.baseAddress, Int32(buffer.count))))
                })
        }
    }

    /// Says that nothing more will be encrypted (close_notify), once.
    func shut() {
        guard !isShut else { return }
        isShut = true
        ERR_clear_error()
        SSL_shutdown(session)
    }
}

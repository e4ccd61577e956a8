import COpenSSL

/// A server's certificate and key, and the rules of its TLS connections: TLS 1.2 or 1.3, forward secrecy and authenticated
/// encryption only, no renegotiation, `http/1.1`.
///
/// Unchecked: OpenSSL locks a context itself, and after `init` it is only read, by `SSL_new`.
final class TLSContext: @unchecked Sendable {
    private let context: OpaquePointer

    /// What TLS 1.2 may choose: an ephemeral key exchange, and a cipher that authenticates what it encrypts (RFC 9325 section
    /// 4.2). TLS 1.3 has no others.
    private static let suites = "ECDHE+AESGCM:ECDHE+CHACHA20"

    init(certificatePath: String, keyPath: String) throws(HTTPServerError) {
        for path in [certificatePath, keyPath] {
            if let reason = TLSRefusal.ofFile(path) { throw .tls(path: path, reason: reason) }
        }
        ERR_clear_error()
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw .systemCall("SSL_CTX_new", reason: "no memory is left")
        }
        self.context = context
        guard sensorium_require_tls12(context) == 1, SSL_CTX_set_cipher_list(context, Self.suites) == 1 else {
            throw .systemCall("TLS", reason: "this OpenSSL has neither TLS 1.2 nor its ECDHE suites")
        }
        // Without this, OpenSSL would ask for the password of an encrypted key on the terminal.
        SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in -1 }
        sensorium_set_server_rules(context)
        SSL_CTX_set_alpn_select_cb(
            context,
            { _, out, outLength, offered, length, _ in
                // A client that offers protocols gets http/1.1 if that is among them, and is otherwise served without ALPN.
                // The choice must outlive the call: it points into the client's list, as OpenSSL's documentation has it.
                guard let offered else { return SSL_TLSEXT_ERR_NOACK }
                let list = UnsafeBufferPointer(start: offered, count: Int(length))
                var start = 0
                while start < list.count {
                    let end = start + 1 + Int(list[start])
                    guard end <= list.count else { break }
                    if list[(start + 1)..<end].elementsEqual("http/1.1".utf8) {
                        out?.pointee = offered + start + 1
                        outLength?.pointee = list[start]
                        return SSL_TLSEXT_ERR_OK
                    }
                    start = end
                }
                return SSL_TLSEXT_ERR_NOACK
            }, nil)
        guard SSL_CTX_use_certificate_chain_file(context, certificatePath) == 1 else {
            throw .tls(path: certificatePath, reason: TLSRefusal.ofContent(.certificate))
        }
        guard SSL_CTX_use_PrivateKey_file(context, keyPath, SSL_FILETYPE_PEM) == 1 else {
            throw .tls(path: keyPath, reason: TLSRefusal.ofContent(.privateKey))
        }
        guard SSL_CTX_check_private_key(context) == 1 else {
            ERR_clear_error()
            throw .tls(path: keyPath, reason: "the key does not belong to the certificate")
        }
    }

    deinit { SSL_CTX_free(context) }

    /// A session for a new connection; nil when memory is short.
    func makeSession() -> TLSSession? {
        guard let session = SSL_new(context) else { return nil }
        return TLSSession(owning: session)
    }
}

import COpenSSL

/// A server's certificate and key, and the rules of its TLS connections: TLS 1.2 or 1.3, no renegotiation, `http/1.1`.
///
/// Unchecked: OpenSSL locks a context itself, and after `init` it is only read, by `SSL_new`.
final class TLSContext: @unchecked Sendable {
    private let context: OpaquePointer

    init(certificatePath: String, keyPath: String) throws(HTTPServerError) {
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw .tls(path: certificatePath, reason: Self.lastError())
        }
        self.context = context
        guard sensorium_require_tls12(context) == 1 else {
            throw .tls(path: certificatePath, reason: Self.lastError())
        }
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
            throw .tls(path: certificatePath, reason: Self.lastError())
        }
        guard SSL_CTX_use_PrivateKey_file(context, keyPath, SSL_FILETYPE_PEM) == 1 else {
            throw .tls(path: keyPath, reason: Self.lastError())
        }
        guard SSL_CTX_check_private_key(context) == 1 else {
            throw .tls(path: keyPath, reason: "the key does not belong to the certificate")
        }
    }

    deinit { SSL_CTX_free(context) }

    /// A session for a new connection; nil when memory is short.
    func makeSession() -> TLSSession? {
        guard let session = SSL_new(context) else { return nil }
        return TLSSession(owning: session)
    }

    /// OpenSSL's words for what failed last on this thread.
    private static func lastError() -> String {
        let code = ERR_peek_last_error()
        defer { ERR_clear_error() }
        guard code != 0, let reason = ERR_reason_error_string(code) else { return "unknown error" }
        return String(cString: reason)
    }
}

import COpenSSL
import Glibc

/// Why a certificate or key cannot be used, in words that say what to do about it.
enum TLSRefusal {
    /// What a file should have held.
    enum Content: String {
        case certificate
        case privateKey = "private key"
    }

    /// Why a file cannot be read at all; nil where it can. OpenSSL would say "system lib", and wait for whoever writes to a pipe.
    static func ofFile(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return String(cString: strerror(errno)) }
        return status.st_mode & S_IFMT == S_IFREG ? nil : "it is not a regular file"
    }

    /// What OpenSSL has against the content of a file that it just read on this thread.
    static func ofContent(_ content: Content) -> String {
        var reason = "Write it as openssl does, from a line -----BEGIN to a line -----END"
        while case let code = ERR_get_error(), code != 0 {
            switch (ERR_GET_LIB(code), ERR_GET_REASON(code)) {
            case (ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH), (ERR_LIB_X509, X509_R_KEY_TYPE_MISMATCH):
                ERR_clear_error()
                return "the key does not belong to the certificate"
            case (ERR_LIB_PEM, PEM_R_BAD_PASSWORD_READ):
                ERR_clear_error()
                return "the key is encrypted, and no password is asked for; decrypt it"
            case (ERR_LIB_SSL, SSL_R_EE_KEY_TOO_SMALL), (ERR_LIB_SSL, SSL_R_CA_KEY_TOO_SMALL):
                reason =
                    "Its key is too short to be safe: make one of at least 2048 bits (RSA) or 224 (elliptic curves)"
            case (ERR_LIB_SSL, SSL_R_CA_MD_TOO_WEAK):
                reason = "Its signature is too weak to be safe: have it signed with SHA-256"
            // OpenSSL's other words, such as "PEM lib", tell where an error was passed on, not what it was.
            default: break
            }
        }
        return "it holds no \(content.rawValue) in PEM form that can be used. \(reason)"
    }
}

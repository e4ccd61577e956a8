import COpenSSL
import Glibc

/// The digest by which the hub names a file's content, over bytes as they come.
final class ContentDigest {
    private let context = EVP_MD_CTX_new()
    private let isGit: Bool
    private let size: Int?
    private var isSound: Bool

    /// Of a file that the hub calls `etag`: 64 digits are the SHA-256 of its bytes, 40 the id that git has for them, a SHA-1 over their
    /// number as well. nil for what is neither, which nothing can be held to.
    init?(etag: String, size: Int?) {
        guard etag.utf8.allSatisfy(\.isLowerHexadecimal) else { return nil }
        switch etag.utf8.count {
        case 64: isGit = false
        case 40 where size != nil: isGit = true
        default: return nil
        }
        self.size = size
        isSound = true
        restart()
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Forgets what was taken.
    func restart() {
        isSound = EVP_DigestInit_ex(context, isGit ? EVP_sha1() : EVP_sha256(), nil) == 1
        guard isGit, let size else { return }
        take(Array("blob \(size)\0".utf8))
    }

    /// Takes what comes next.
    func take(_ bytes: UnsafeRawBufferPointer) {
        isSound = isSound && EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
    }

    private func take(_ bytes: [UInt8]) { bytes.withUnsafeBytes { take($0) } }

    /// The digest of all that was taken, in hexadecimal digits; empty where OpenSSL cannot compute it.
    func finish() -> String {
        var digest = [UInt8](repeating: 0, count: 64)
        var count: UInt32 = 0
        guard isSound, EVP_DigestFinal_ex(context, &digest, &count) == 1 else { return "" }
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: digest.prefix(Int(count)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

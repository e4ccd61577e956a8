import COpenSSL

/// SHA-256 over byte ranges one after the other (FIPS 180-4), by OpenSSL, which uses the CPU's SHA instructions.
func sha256(_ parts: [UnsafeRawBufferPointer]) -> String {
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    var digest = [UInt8](repeating: 0, count: 32)
    var succeeded = EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
    for part in parts {
        succeeded = succeeded && EVP_DigestUpdate(context, part.baseAddress, part.count) == 1
    }
    succeeded = succeeded && EVP_DigestFinal_ex(context, &digest, nil) == 1
    // OpenSSL fails here only without memory or without SHA-256 in the library: nothing a caller could act on.
    precondition(succeeded, "OpenSSL cannot compute SHA-256")
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

import COpenSSL

/// SHA-256 over byte ranges one after the other (FIPS 180-4), by OpenSSL, which uses the CPU's SHA instructions.
func sha256(_ parts: [UnsafeRawBufferPointer]) -> String { sha256(parts, []).last ?? "" }

/// SHA-256 over the first ranges, and over them and the rest: what both begin with is read once.
func sha256(_ first: [UnsafeRawBufferPointer], _ rest: [UnsafeRawBufferPointer]) -> [String] {
    let context = EVP_MD_CTX_new()
    let copy = EVP_MD_CTX_new()
    defer {
        EVP_MD_CTX_free(context)
        EVP_MD_CTX_free(copy)
    }
    var succeeded = EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
    func add(_ parts: [UnsafeRawBufferPointer]) {
        for part in parts { succeeded = succeeded && EVP_DigestUpdate(context, part.baseAddress, part.count) == 1 }
    }
    func end(_ context: OpaquePointer?) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        succeeded = succeeded && EVP_DigestFinal_ex(context, &digest, nil) == 1
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
    add(first)
    succeeded = succeeded && EVP_MD_CTX_copy_ex(copy, context) == 1
    let ofFirst = end(copy)
    add(rest)
    let ofAll = end(context)
    // OpenSSL fails here only without memory or without SHA-256 in the library: nothing a caller could act on.
    precondition(succeeded, "OpenSSL cannot compute SHA-256")
    return [ofFirst, ofAll]
}

import Glibc

extension Double {
    /// The number with so many decimals, rounded as C's printf does: `0.30`.
    public func text(decimals: Int) -> String {
        // A sign, 309 digits at most, the point, the decimals, and the end.
        var bytes = [CChar](repeating: 0, count: 312 + decimals)
        let count = withVaList([Int32(decimals), self]) { vsnprintf(&bytes, bytes.count, "%.*f", $0) }
        return String(decoding: bytes.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

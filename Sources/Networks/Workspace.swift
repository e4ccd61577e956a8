import Tensor

/// The memory that a network computes in: it grows to what the largest call needed and is used again by the next.
///
/// Not thread-safe: one call at a time.
public final class Workspace {
    private var buffer = FloatBuffer(count: 0)
    private var used = 0

    /// Owns nothing until a network asks.
    public init() {}

    /// Begins a call that will `take` areas of these many floats. Earlier areas are no longer valid.
    func begin(_ counts: Int...) {
        let total = counts.reduce(0) { $0 + Self.rounded($1) }
        if total > buffer.count { buffer = FloatBuffer(count: total) }
        used = 0
    }

    /// The next area, aligned to 64 bytes, its content undefined; valid until the next `begin`.
    func take(_ count: Int) -> UnsafeMutablePointer<Float> {
        precondition(used + Self.rounded(count) <= buffer.count, "an area of the workspace was not announced")
        defer { used += Self.rounded(count) }
        // In bounds by the line above; the buffer lives as long as the workspace, which outlives the call.
        return buffer.pointer + used
    }

    private static func rounded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
}

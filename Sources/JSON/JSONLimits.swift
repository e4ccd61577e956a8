/// Bounds within which a JSON text is read.
public struct JSONLimits: Sendable, Hashable {
    /// The most bytes a text may have. Default: 32 MiB.
    public var bytes: Int
    /// The most levels of nested arrays and objects. Default: 64. Reading recurses once for each level.
    public var depth: Int
    /// The most values of all kinds together, keys not counted. Default: one million. A value takes some 24 bytes of
    /// memory where its text may take two.
    public var values: Int

    /// Bounds, each at its default unless given.
    public init(bytes: Int = 32 << 20, depth: Int = 64, values: Int = 1_000_000) {
        self.bytes = bytes
        self.depth = depth
        self.values = values
    }
}

/// Whom work is done for. Shares are kept for each; what stands behind the name is the caller's business.
public struct ClientID: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The name. It may be a person's address, so that it belongs in no log or metric.
    public let name: String

    /// A client with that name.
    public init(_ name: String) {
        self.name = name
    }

    /// A client named by a literal.
    public init(stringLiteral value: String) {
        name = value
    }

    /// The name.
    public var description: String { name }
}

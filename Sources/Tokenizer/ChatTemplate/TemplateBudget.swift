/// The work that a template may do: operations, characters that texts are made of, and what is written.
struct TemplateBudget {
    /// About a second of the slowest operations.
    private static let mostWork = 500_000
    /// Bytes of what is written, and of any text on the way.
    static let mostBytes = 16 << 20
    private var work = 0

    /// Counts an operation on so many bytes or elements.
    mutating func spend(_ size: Int = 0) throws(ChatTemplateError) {
        work += 1 + size / 64
        guard work <= Self.mostWork else { throw .tooMuch("takes more than \(Self.mostWork) steps") }
    }

    /// Counts a text that is made.
    mutating func text(_ bytes: Int) throws(ChatTemplateError) {
        guard bytes <= Self.mostBytes else { throw .tooMuch("makes a text of more than \(Self.mostBytes) bytes") }
        try spend(bytes)
    }
}

/// A regular expression as it is read: what ``PatternParser`` makes and ``Pattern`` compiles.
indirect enum PatternNode {
    /// One scalar of a set.
    case set(ScalarSet)
    case sequence([PatternNode])
    /// The first of these that matches.
    case choice([PatternNode])
    case repetition(PatternNode, Repetition)
    /// What follows must, or must not, match.
    case lookAhead(PatternNode, negated: Bool)
    case anchor(Anchor)

    struct Repetition {
        var least: Int
        /// Nil for as often as it matches.
        var most: Int?
        var kind = Kind.greedy

        enum Kind { case greedy, lazy, possessive }
    }

    enum Anchor {
        case lineBegin, lineEnd, textBegin, textEnd
    }

    /// The fewest scalars that a match has.
    var leastLength: Int {
        switch self {
        case .set: 1
        case .sequence(let parts): parts.reduce(0) { $0 + $1.leastLength }
        case .choice(let parts): parts.map(\.leastLength).min() ?? 0
        case .repetition(let part, let repetition): min(1, part.leastLength) * min(1, repetition.least)
        case .lookAhead, .anchor: 0
        }
    }
}

/// Why a regular expression is refused: what in it is not read.
struct PatternRefusal: Error {
    let reason: String
}

/// How texts are cut to a length (tokenizers, `utils/truncation.rs`).
struct Truncation: Sendable, Equatable {
    enum Strategy: String, Sendable, CaseIterable {
        case longestFirst = "LongestFirst"
        case onlyFirst = "OnlyFirst"
        case onlySecond = "OnlySecond"
    }

    /// The length that the file itself cuts to, special tokens included; nil where it cuts none.
    var maxTokens: Int?
    /// Keeps the end of a text in place of its beginning.
    var cutsLeft = false
    var strategy = Strategy.longestFirst

    /// How many tokens two texts of `first` and `second` tokens keep, together no more than `allowed`.
    func lengths(_ first: Int, _ second: Int, allowed: Int) -> (Int, Int) {
        if first + second <= allowed { return (first, second) }
        switch strategy {
        case .onlyFirst: return (max(0, allowed - second), min(second, allowed))
        case .onlySecond: return (min(first, allowed), max(0, allowed - first))
        case .longestFirst:
            // The longer one loses what it has more; then both lose, and of an odd number it keeps one more.
            var short = min(first, second)
            var long = max(short, allowed - short)
            if short + long > allowed { (short, long) = (allowed / 2, allowed - allowed / 2) }
            return first > second ? (long, short) : (short, long)
        }
    }

    /// `ids` cut to `count`.
    func cut(_ ids: [Int32], to count: Int) -> ArraySlice<Int32> {
        cutsLeft ? ids.suffix(count) : ids.prefix(count)
    }
}

/// A text and the pieces that it has been cut into: what the second stage works on.
struct Pieces {
    var text: [UInt8]
    /// In the order of the text; none is empty.
    var ranges: [Range<Int>]
    /// Whether the first piece begins where the text that was to be encoded begins.
    var beginsText: Bool

    /// Cuts every piece: `split` is given the range of one and calls back with its parts.
    mutating func split(_ behavior: SplitBehavior, _ split: (Range<Int>, (Range<Int>, Bool) -> Void) -> Void) {
        var parts: [Range<Int>] = []
        parts.reserveCapacity(2 * ranges.count)
        var merger = PartMerger(behavior)
        for range in ranges {
            split(range) { merger.add($0, isMatch: $1) { parts.append($0) } }
            merger.end { parts.append($0) }
        }
        beginsText = beginsText && parts.first?.lowerBound == ranges.first?.lowerBound
        ranges = parts
    }

    /// Cuts every piece at the scalars that `isMatch` is true of.
    mutating func split(_ behavior: SplitBehavior, where isMatch: (UInt32) -> Bool) {
        let text = text
        split(behavior) { range, onPart in
            var (done, position) = (range.lowerBound, range.lowerBound)
            while position < range.upperBound {
                let begin = position
                if !isMatch(ScalarReader.next(text, &position)) { continue }
                if done < begin { onPart(done..<begin, false) }
                onPart(begin..<position, true)
                done = position
            }
            if done < range.upperBound { onPart(done..<range.upperBound, false) }
        }
    }

    /// Writes every piece anew: `write` is given the range of one and whether it begins the text.
    mutating func rewrite(_ write: (ArraySlice<UInt8>, _ beginsText: Bool, inout [UInt8]) -> Void) {
        var output: [UInt8] = []
        output.reserveCapacity(text.count + text.count / 4 + 8)
        for place in ranges.indices {
            let begin = output.count
            write(text[ranges[place]], beginsText && place == 0, &output)
            ranges[place] = begin..<output.count
        }
        text = output
    }
}

/// What becomes of the text that a cut is made at (tokenizers, `SplitDelimiterBehavior`).
enum SplitBehavior: String, Sendable, CaseIterable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
}

/// Makes pieces of matches and what lies between them.
private struct PartMerger {
    private let behavior: SplitBehavior
    /// What the next part may still be joined to.
    private var open: Range<Int>?
    private var openIsMatch = false

    init(_ behavior: SplitBehavior) {
        self.behavior = behavior
    }

    mutating func add(_ part: Range<Int>, isMatch: Bool, _ onPiece: (Range<Int>) -> Void) {
        switch behavior {
        case .removed:
            if !isMatch { onPiece(part) }
        case .isolated:
            onPiece(part)
        case .contiguous:
            if let range = open, openIsMatch == isMatch {
                open = range.lowerBound..<part.upperBound
            } else {
                if let open { onPiece(open) }
                open = part
            }
            openIsMatch = isMatch
        case .mergedWithPrevious:
            // A match joins what is before it, unless that ends with a match.
            if let range = open, isMatch, !openIsMatch {
                open = range.lowerBound..<part.upperBound
            } else {
                if let open { onPiece(open) }
                open = part
            }
            openIsMatch = isMatch
        case .mergedWithNext:
            // A match waits for what comes; of several in a row only the last is joined.
            if let range = open, openIsMatch, !isMatch {
                onPiece(range.lowerBound..<part.upperBound)
                open = nil
            } else {
                if let open { onPiece(open) }
                open = nil
                if isMatch { open = part } else { onPiece(part) }
            }
            openIsMatch = isMatch
        }
    }

    mutating func end(_ onPiece: (Range<Int>) -> Void) {
        if let open { onPiece(open) }
        open = nil
        openIsMatch = false
    }
}

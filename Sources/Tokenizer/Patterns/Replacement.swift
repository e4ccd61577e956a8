/// Puts a text in place of what matches: `Replace`, both as a normalizer and as a decoder.
struct Replacement: Sendable {
    let target: SearchTarget
    let content: [UInt8]

    func apply(_ text: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        target.split(text, 0..<text.count) { range, isMatch in
            if isMatch { output += content } else { output += text[range] }
        }
        return output
    }

    func matchesBeginning(of text: [UInt8]) -> Bool {
        var isFirst = true
        var found = false
        target.split(text, 0..<text.count) { range, isMatch in
            if isFirst { found = isMatch }
            isFirst = false
        }
        return found
    }
}

/// What is looked for: a text as it stands, or a regular expression.
enum SearchTarget: Sendable {
    /// Not empty.
    case literal([UInt8])
    case pattern(Pattern)

    /// Calls `onPart` with every match in `text[range]` and with what lies between, from left to right.
    func split(_ text: [UInt8], _ range: Range<Int>, onPart: (Range<Int>, _ isMatch: Bool) -> Void) {
        switch self {
        case .pattern(let pattern): pattern.split(text, range, onPart: onPart)
        case .literal(let wanted):
            var (done, position) = (range.lowerBound, range.lowerBound)
            while position + wanted.count <= range.upperBound {
                if text[position] == wanted[0], text[position..<position + wanted.count].elementsEqual(wanted) {
                    if done < position { onPart(done..<position, false) }
                    position += wanted.count
                    onPart(position - wanted.count..<position, true)
                    done = position
                } else {
                    position += 1
                }
            }
            if done < range.upperBound { onPart(done..<range.upperBound, false) }
        }
    }
}

/// Reads a regular expression in the syntax of Oniguruma, as far as tokenizers use it: alternatives, groups with and
/// without `i`, look-ahead, sets, properties, greedy, lazy and possessive repetition, anchors. The rest is refused.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    static func parse(_ pattern: String) throws(PatternRefusal) -> PatternNode {
        var parser = PatternParser(scalars: Array(pattern.unicodeScalars))
        let node = try parser.choice(foldsCase: false)
        if parser.position < parser.scalars.count { throw PatternRefusal(reason: "a \")\" without its \"(\"") }
        if node.leastLength == 0 { throw PatternRefusal(reason: "it matches an empty text") }
        return node
    }

    private init(scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    private mutating func choice(foldsCase: Bool) throws(PatternRefusal) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        if depth > 16 { throw PatternRefusal(reason: "groups within groups beyond 16") }
        var alternatives: [PatternNode] = []
        repeat {
            var parts: [PatternNode] = []
            while let scalar = next, scalar != "|", scalar != ")" {
                parts.append(try repeated(atom(foldsCase: foldsCase)))
            }
            alternatives.append(parts.count == 1 ? parts[0] : .sequence(parts))
        } while take("|")
        return alternatives.count == 1 ? alternatives[0] : .choice(alternatives)
    }

    private mutating func repeated(_ atom: PatternNode) throws(PatternRefusal) -> PatternNode {
        var repetition: PatternNode.Repetition
        var isInterval = false
        if take("?") {
            repetition = .init(least: 0, most: 1)
        } else if take("*") {
            repetition = .init(least: 0, most: nil)
        } else if take("+") {
            repetition = .init(least: 1, most: nil)
        } else if next == "{", let interval = interval() {
            repetition = interval
            isInterval = true
        } else {
            return atom
        }
        if take("?") {
            repetition.kind = .lazy
        } else if !isInterval, take("+") {
            guard case .set = atom else { throw PatternRefusal(reason: "a possessive repetition of a group") }
            repetition.kind = .possessive
        }
        if let scalar = next, "?*+{".unicodeScalars.contains(scalar) {
            throw PatternRefusal(reason: "a repetition of a repetition")
        }
        if atom.leastLength == 0 { throw PatternRefusal(reason: "a repetition of what may be empty") }
        return .repetition(atom, repetition)
    }

    /// `{m}`, `{m,}`, `{,n}` or `{m,n}`; nil, and nothing read, where the brace is a letter like others.
    private mutating func interval() -> PatternNode.Repetition? {
        guard let close = scalars[position...].firstIndex(of: "}") else { return nil }
        let inner = String(String.UnicodeScalarView(scalars[position + 1..<close]))
        let ends = inner.split(separator: ",", omittingEmptySubsequences: false)
        let least = ends[0].isEmpty ? 0 : Int(ends[0])
        guard ends.count < 3, let least, (0...1000).contains(least) else { return nil }
        var most: Int? = least
        if ends.count == 2 { most = ends[1].isEmpty ? nil : Int(ends[1]) }
        if ends.count == 2, !ends[1].isEmpty, most == nil { return nil }
        if let most, most < max(1, least) || most > 1000 { return nil }
        if ends.count == 2, ends[0].isEmpty, ends[1].isEmpty { return nil }
        position = close + 1
        return .init(least: least, most: most)
    }

    private mutating func atom(foldsCase: Bool) throws(PatternRefusal) -> PatternNode {
        let scalar = scalars[position]
        position += 1
        switch scalar {
        case "(": return try group(foldsCase: foldsCase)
        case "[": return .set(try bracket(foldsCase: foldsCase))
        case "^": return .anchor(.lineBegin)
        case "$": return .anchor(.lineEnd)
        case ".":
            var set = ScalarSet(0x0A)
            set.negate()
            set.seal()
            return .set(set)
        case "?", "*", "+": throw PatternRefusal(reason: "a repetition of nothing")
        case "\\":
            if take("A") { return .anchor(.textBegin) }
            if take("z") { return .anchor(.textEnd) }
            var set = ScalarSet()
            try escape(into: &set)
            return .set(try folded(set, foldsCase))
        default: return .set(try folded(ScalarSet(scalar.value), foldsCase))
        }
    }

    private func folded(_ set: ScalarSet, _ foldsCase: Bool) throws(PatternRefusal) -> ScalarSet {
        var set = set
        if foldsCase, !set.foldCase() { throw PatternRefusal(reason: "more than ASCII letters without case") }
        set.seal()
        return set
    }

    private mutating func group(foldsCase: Bool) throws(PatternRefusal) -> PatternNode {
        var foldsCase = foldsCase
        var lookAhead: Bool?
        if take("?:") {
        } else if take("?i:") {
            foldsCase = true
        } else if take("?!") {
            lookAhead = true
        } else if take("?=") {
            lookAhead = false
        } else if next == "?" {
            throw PatternRefusal(
                reason: "a group \"(\(String(String.UnicodeScalarView(scalars[position...].prefix(3))))\"")
        }
        let inner = try choice(foldsCase: foldsCase)
        if !take(")") { throw PatternRefusal(reason: "a \"(\" without its \")\"") }
        return lookAhead.map { .lookAhead(inner, negated: $0) } ?? inner
    }

    /// A set behind its `[`.
    private mutating func bracket(foldsCase: Bool) throws(PatternRefusal) -> ScalarSet {
        var set = ScalarSet()
        let isNegated = take("^")
        var isFirst = true
        while let scalar = next, scalar != "]" || isFirst {
            isFirst = false
            if scalar == "[" || scalar == "&" && scalars[position...].starts(with: "&&".unicodeScalars) {
                throw PatternRefusal(reason: "a set within a set")
            }
            position += 1
            var begin: UInt32? = scalar.value
            if scalar == "\\" { begin = try escape(into: &set, inserts: false) }
            guard let begin else { continue }
            if next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
                position += 1
                let last = scalars[position]
                position += 1
                var end: UInt32? = last.value
                if last == "\\" { end = try escape(into: &set, inserts: false) }
                guard let end, begin <= end else { throw PatternRefusal(reason: "a range that ends before it begins") }
                set.insert(begin...end)
            } else {
                set.insert(begin...begin)
            }
        }
        if !take("]") { throw PatternRefusal(reason: "a \"[\" without its \"]\"") }
        if foldsCase, !set.foldCase() { throw PatternRefusal(reason: "more than ASCII letters without case") }
        if isNegated { set.negate() }
        set.seal()
        return set
    }

    /// What stands behind a backslash: a class, which goes into `set`, or a scalar, which is returned as well.
    @discardableResult
    private mutating func escape(into set: inout ScalarSet, inserts: Bool = true) throws(PatternRefusal) -> UInt32? {
        guard let scalar = next else { throw PatternRefusal(reason: "a backslash at its end") }
        position += 1
        let single: UInt32
        switch scalar {
        case "s", "S":
            set.insert(classes: ScalarClasses.space, negated: scalar == "S")
            return nil
        case "w", "W":
            set.insert(classes: ScalarClasses.word, negated: scalar == "W")
            return nil
        case "d", "D":
            set.insert(classes: ScalarClasses.category("Nd") ?? 0, negated: scalar == "D")
            return nil
        case "p", "P":
            guard take("{"), let close = scalars[position...].firstIndex(of: "}") else {
                throw PatternRefusal(reason: "a property without braces")
            }
            let isInverse = take("^")
            let name = String(String.UnicodeScalarView(scalars[position..<close]))
            guard let classes = ScalarClasses.category(name) else {
                throw PatternRefusal(reason: "the property \"\(name)\"")
            }
            position = close + 1
            set.insert(classes: classes, negated: (scalar == "P") != isInverse)
            return nil
        case "n": single = 0x0A
        case "r": single = 0x0D
        case "t": single = 0x09
        case "f": single = 0x0C
        case "v": single = 0x0B
        case "u": single = try hexadecimal(4)
        case "x":
            if take("{") {
                let count = (scalars[position...].firstIndex(of: "}") ?? position) - position
                single = try hexadecimal(count)
                position += 1
            } else {
                single = try hexadecimal(2)
            }
        default:
            if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                throw PatternRefusal(reason: "the escape \"\\\(scalar)\"")
            }
            single = scalar.value
        }
        if inserts { set.insert(single...single) }
        return single
    }

    private mutating func hexadecimal(_ count: Int) throws(PatternRefusal) -> UInt32 {
        let digits = String(String.UnicodeScalarView(scalars[position...].prefix(count)))
        guard (1...6).contains(count), digits.unicodeScalars.count == count, let value = UInt32(digits, radix: 16),
            Unicode.Scalar(value) != nil
        else { throw PatternRefusal(reason: "an escape that is no scalar") }
        position += count
        return value
    }
}

/// A regular expression, compiled: what `Split` and `Replace` of a tokenizer.json look for.
///
/// The published patterns are a handful, but each model's differs in a letter, so they are compiled rather than known by
/// heart (docs/decisions/0201). Matching goes back where it must, as Oniguruma does, under a limit of steps that no
/// published pattern reaches: see ``Pattern/split(_:_:onPart:)``.
struct Pattern: Sendable {
    private enum Instruction: Sendable {
        /// One scalar of the set.
        case one(Int)
        /// Scalars of the set, as many as there are.
        case span(set: Int, least: Int, most: Int, possessive: Bool)
        /// Goes on at the first and, should that fail, at the second.
        case split(Int, Int)
        case jump(Int)
        /// What follows, up to the instruction `end`, must match, or must not.
        case lookAhead(negated: Bool, end: Int)
        case anchor(PatternNode.Anchor)
        case accept
    }

    private var instructions: [Instruction] = []
    private var sets: [ScalarSet] = []

    /// Compiles `pattern`; throws what of it cannot be read.
    init(_ pattern: String) throws(PatternRefusal) {
        try compile(PatternParser.parse(pattern))
        instructions.append(.accept)
    }

    private mutating func compile(_ node: PatternNode) throws(PatternRefusal) {
        if instructions.count > 4096 { throw PatternRefusal(reason: "more than 4,096 steps") }
        switch node {
        case .set(let set): instructions.append(.one(place(of: set)))
        case .sequence(let parts):
            for part in parts { try compile(part) }
        case .anchor(let anchor): instructions.append(.anchor(anchor))
        case .lookAhead(let inner, let negated):
            let begin = instructions.count
            instructions.append(.accept)
            try compile(inner)
            instructions.append(.accept)
            instructions[begin] = .lookAhead(negated: negated, end: instructions.count)
        case .choice(let parts):
            var exits: [Int] = []
            for part in parts.dropLast() {
                let fork = instructions.count
                instructions.append(.accept)
                try compile(part)
                exits.append(instructions.count)
                instructions.append(.accept)
                instructions[fork] = .split(fork + 1, instructions.count)
            }
            if let last = parts.last { try compile(last) }
            for exit in exits { instructions[exit] = .jump(instructions.count) }
        case .repetition(.set(let set), let repetition) where repetition.kind != .lazy:
            instructions.append(
                .span(
                    set: place(of: set), least: repetition.least, most: repetition.most ?? .max,
                    possessive: repetition.kind == .possessive))
        case .repetition(let part, let repetition):
            for _ in 0..<repetition.least { try compile(part) }
            let isLazy = repetition.kind == .lazy
            func fork(_ into: Int, _ past: Int) -> Instruction { isLazy ? .split(past, into) : .split(into, past) }
            if let most = repetition.most {
                var forks: [Int] = []
                for _ in repetition.least..<most {
                    forks.append(instructions.count)
                    instructions.append(.accept)
                    try compile(part)
                }
                for place in forks { instructions[place] = fork(place + 1, instructions.count) }
            } else {
                let begin = instructions.count
                instructions.append(.accept)
                try compile(part)
                instructions.append(.jump(begin))
                instructions[begin] = fork(begin + 1, instructions.count)
            }
        }
    }

    private mutating func place(of set: ScalarSet) -> Int {
        if let place = sets.firstIndex(of: set) { return place }
        sets.append(set)
        return sets.count - 1
    }

    /// Calls `onPart` with every match in `text[range]` and with what lies between, from left to right; what is outside
    /// of the range is not seen. In all, 4,096 steps and 256 for each byte are made; what follows then counts as no
    /// match, so that no pattern costs more than linear time. A published pattern takes some ten for each byte.
    func split(_ text: [UInt8], _ range: Range<Int>, onPart: (Range<Int>, _ isMatch: Bool) -> Void) {
        var matcher = Matcher(steps: 4096 + 256 * range.count)
        var done = range.lowerBound
        var position = range.lowerBound
        while position < range.upperBound, matcher.steps > 0 {
            guard let end = matcher.match(self, text, range, from: position, at: 0), end > position else {
                position += 1
                while position < range.upperBound, ScalarReader.isContinuation(text[position]) { position += 1 }
                continue
            }
            if done < position { onPart(done..<position, false) }
            onPart(position..<end, true)
            done = end
            position = end
        }
        if done < range.upperBound { onPart(done..<range.upperBound, false) }
    }

    /// The state of a search: what is tried next when something fails.
    private struct Matcher {
        var steps: Int
        /// Where to go on, at `position` or, in the steps of a span, at every scalar from there down to `low`.
        private var choices: [(instruction: Int, position: Int, low: Int)] = []

        init(steps: Int) {
            self.steps = steps
        }

        /// The end of a match from `begin` on, or nil.
        mutating func match(
            _ pattern: Pattern, _ text: [UInt8], _ range: Range<Int>, from begin: Int, at first: Int
        ) -> Int? {
            let floor = choices.count
            defer { choices.removeSubrange(floor...) }
            var position = begin
            var place = first
            while true {
                steps -= 1
                if steps <= 0 { return nil }
                var isGood = true
                switch pattern.instructions[place] {
                case .accept: return position
                case .jump(let target): place = target
                case .split(let one, let other):
                    choices.append((other, position, position))
                    place = one
                case .one(let set):
                    isGood =
                        position < range.upperBound && pattern.sets[set].contains(ScalarReader.next(text, &position))
                    place += 1
                case .span(let set, let least, let most, let isPossessive):
                    var (count, low) = (0, position)
                    while count < most, position < range.upperBound {
                        var end = position
                        if !pattern.sets[set].contains(ScalarReader.next(text, &end)) { break }
                        position = end
                        count += 1
                        if count == least { low = end }
                    }
                    steps -= count
                    isGood = count >= least
                    place += 1
                    if isGood, !isPossessive, low < position { choices.append((place, position, low)) }
                case .anchor(let anchor):
                    switch anchor {
                    case .textBegin: isGood = position == range.lowerBound
                    case .textEnd: isGood = position == range.upperBound
                    case .lineBegin: isGood = position == range.lowerBound || text[position - 1] == 0x0A
                    case .lineEnd: isGood = position == range.upperBound || text[position] == 0x0A
                    }
                    place += 1
                case .lookAhead(let isNegated, let end):
                    isGood = (match(pattern, text, range, from: position, at: place + 1) == nil) == isNegated
                    place = end
                }
                if isGood { continue }
                guard choices.count > floor, let choice = choices.popLast() else { return nil }
                (place, position) = (choice.instruction, choice.position)
                if choice.low < choice.position {
                    position = ScalarReader.previous(text, before: choice.position).begin
                    if choice.low < position { choices.append((choice.instruction, position, choice.low)) }
                }
            }
        }
    }
}

/// Operations, as Python computes them.
extension TemplateRun {
    mutating func binary(
        _ sign: String, _ left: TemplateValue, _ right: TemplateValue
    ) throws(ChatTemplateError) -> TemplateValue {
        switch (sign, left, right) {
        case ("+", .string(let a), .string(let b)):
            try budget.text(a.utf8.count + b.utf8.count)
            return .string(a + b)
        case ("+", .list(let a), .list(let b)):
            try budget.spend(64 * (a.count + b.count))
            return .list(a + b)
        case ("~", _, _):
            guard let a = left.written, let b = right.written else {
                throw .failed("it joins \(left.kind) and \(right.kind)")
            }
            try budget.text(a.utf8.count + b.utf8.count)
            return .string(a + b)
        case ("*", .string(let text), .integer(let times)), ("*", .integer(let times), .string(let text)):
            let bytes = text.utf8.count.multipliedReportingOverflow(by: max(0, times))
            try budget.text(bytes.overflow ? .max / 2 : bytes.partialValue)
            return .string(text.isEmpty ? "" : String(repeating: text, count: max(0, times)))
        default: return try arithmetic(sign, left, right)
        }
    }

    private func arithmetic(
        _ sign: String, _ left: TemplateValue, _ right: TemplateValue
    ) throws(ChatTemplateError) -> TemplateValue {
        guard let x = left.arithmetic, let y = right.arithmetic else {
            throw .failed("it computes \(left.kind) \(sign) \(right.kind)")
        }
        if y == 0, ["/", "//", "%"].contains(sign) { throw .failed("it divides by 0") }
        if sign == "/" { return .number(x / y) }
        if let a = left.whole, let b = right.whole {
            let (value, overflow) =
                switch sign {
                case "+": a.addingReportingOverflow(b)
                case "-": a.subtractingReportingOverflow(b)
                case "*": a.multipliedReportingOverflow(by: b)
                case "//": Self.floorDivision(a, b)
                default: Self.remainder(a, b)
                }
            guard !overflow else { throw .failed("it computes with numbers that are too large") }
            return .integer(value)
        }
        switch sign {
        case "+": return .number(x + y)
        case "-": return .number(x - y)
        case "*": return .number(x * y)
        case "//": return .number((x / y).rounded(.down))
        default: return .number(x - y * (x / y).rounded(.down))
        }
    }

    private static func floorDivision(_ a: Int, _ b: Int) -> (Int, Bool) {
        let (quotient, overflow) = a.dividedReportingOverflow(by: b)
        guard !overflow else { return (0, true) }
        return (a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient, false)
    }

    private static func remainder(_ a: Int, _ b: Int) -> (Int, Bool) {
        let (rest, overflow) = a.remainderReportingOverflow(dividingBy: b)
        guard !overflow else { return (0, false) }
        return (rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest, false)
    }

    mutating func compare(
        _ sign: String, _ left: TemplateValue, _ right: TemplateValue
    ) throws(ChatTemplateError) -> Bool {
        switch sign {
        case "==", "!=":
            return try equal(left, right) == (sign == "==")
        case "in": return try contains(right, left)
        case "not in": return !(try contains(right, left))
        default: break
        }
        if case .string(let a) = left, case .string(let b) = right {
            try budget.spend(a.utf8.count)
            let isLess = a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
            let isEqual = a.utf8.elementsEqual(b.utf8)
            switch sign {
            case "<": return isLess
            case "<=": return isLess || isEqual
            case ">": return !isLess && !isEqual
            default: return !isLess
            }
        }
        guard let x = left.arithmetic, let y = right.arithmetic else {
            throw .failed("it compares \(left.kind) \(sign) \(right.kind)")
        }
        switch sign {
        case "<": return x < y
        case "<=": return x <= y
        case ">": return x > y
        default: return x >= y
        }
    }

    /// As Python compares with `==`. Texts are equal by their characters, not by how these look.
    private mutating func equal(_ a: TemplateValue, _ b: TemplateValue) throws(ChatTemplateError) -> Bool {
        try budget.spend()
        switch (a, b) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.string(let a), .string(let b)):
            guard a.utf8.count == b.utf8.count else { return false }
            try budget.spend(a.utf8.count)
            return a.utf8.elementsEqual(b.utf8)
        case (.list(let a), .list(let b)):
            guard a.count == b.count else { return false }
            for (a, b) in zip(a, b) where try !equal(a, b) { return false }
            return true
        case (.dictionary(let a), .dictionary(let b)):
            guard a.count == b.count else { return false }
            for member in a {
                try budget.spend(64 * b.count)
                guard let other = b.first(where: { $0.key.utf8.elementsEqual(member.key.utf8) }),
                    try equal(member.value, other.value)
                else { return false }
            }
            return true
        case (.namespace(let a), .namespace(let b)): return a == b
        default: return a.arithmetic.flatMap { x in b.arithmetic.map { x == $0 } } ?? false
        }
    }

    mutating func contains(_ whole: TemplateValue, _ part: TemplateValue) throws(ChatTemplateError) -> Bool {
        switch (whole, part) {
        case (.string(let text), .string(let part)): return try firstPlace(of: part, in: text) != nil
        case (.list(let values), _):
            for value in values where try equal(value, part) { return true }
            return false
        case (.dictionary(let members), .string(let key)):
            return members.contains { $0.key.utf8.elementsEqual(key.utf8) }
        case (.dictionary, _), (.undefined, _): return false
        default: throw .failed("it looks for \(part.kind) in \(whole.kind)")
        }
    }

    /// Where a text first stands in another, in bytes.
    mutating func firstPlace(of part: String, in text: String) throws(ChatTemplateError) -> Int? {
        try places(of: part, in: text, most: 1).first
    }

    /// Where a text stands in another, in bytes, no two overlapping.
    mutating func places(of part: String, in text: String, most: Int = .max) throws(ChatTemplateError) -> [Int] {
        let (text, part) = (Array(text.utf8), Array(part.utf8))
        // What comparing at every place may take.
        try budget.spend(text.count * max(1, min(part.count, text.count)) / 8)
        var places: [Int] = []
        var place = 0
        while place + part.count <= text.count, places.count < most {
            if text[place..<place + part.count].elementsEqual(part) {
                places.append(place)
                place += max(1, part.count)
            } else {
                place += 1
            }
        }
        return places
    }
}

/// What expressions are worth.
extension TemplateRun {
    mutating func value(of expression: TemplateExpression) throws(ChatTemplateError) -> TemplateValue {
        try budget.spend()
        switch expression {
        case .literal(let value): return value
        case .name(let name): return lookUp(name)
        case .list(let items):
            let values = try values(of: items)
            try nest(values)
            return .list(values)
        case .dictionary(let members):
            var result: [(key: String, value: TemplateValue)] = []
            for (key, member) in members {
                guard case .string(let key) = try value(of: key) else {
                    throw .failed("a key of a dictionary is no text")
                }
                let member = try value(of: member)
                result.removeAll { $0.key.utf8.elementsEqual(key.utf8) }
                result.append((key, member))
            }
            try nest(result.map(\.value))
            return .dictionary(result)
        case .attribute(let object, let name): return try member(name, of: try value(of: object))
        case .item(let object, let index): return try item(try value(of: index), of: try value(of: object))
        case .slice(let object, let from, let to, let step):
            let object = try value(of: object)
            return try slice(object, try bound(from), try bound(to), try bound(step))
        case .call(let callee, let arguments): return try call(callee, arguments)
        case .filter(let input, let name, let arguments):
            let input = try value(of: input)
            return try filter(input, name, try Given(arguments, &self))
        case .test(let input, let name, let arguments):
            return .boolean(try test(try value(of: input), name, try values(of: arguments)))
        case .not(let operand): return .boolean(!(try value(of: operand).isTrue))
        case .negative(let operand): return try binary("-", .integer(0), try value(of: operand))
        case .and(let left, let right):
            let left = try value(of: left)
            return left.isTrue ? try value(of: right) : left
        case .or(let left, let right):
            let left = try value(of: left)
            return left.isTrue ? left : try value(of: right)
        case .binary(let sign, let left, let right):
            let left = try value(of: left)
            return try binary(sign, left, try value(of: right))
        case .comparison(let first, let rest):
            var left = try value(of: first)
            for (sign, next) in rest {
                let right = try value(of: next)
                guard try compare(sign, left, right) else { return .boolean(false) }
                left = right
            }
            return .boolean(true)
        case .choice(let condition, let chosen, let other):
            if try value(of: condition).isTrue { return try value(of: chosen) }
            return try other.map { (other) throws(ChatTemplateError) in try value(of: other) } ?? .undefined("else")
        }
    }

    mutating func values(of expressions: [TemplateExpression]) throws(ChatTemplateError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        for expression in expressions { values.append(try value(of: expression)) }
        return values
    }

    /// Refuses what would lie within more than 32 lists and dictionaries: values are compared, and given back, one within the other.
    mutating func nest(_ values: [TemplateValue], within depth: Int = 1) throws(ChatTemplateError) {
        guard depth <= 32 else { throw .tooMuch("puts a value into more than 32 lists") }
        for value in values {
            try budget.spend()
            switch value {
            case .list(let inner): try nest(inner, within: depth + 1)
            case .dictionary(let members): try nest(members.map(\.value), within: depth + 1)
            default: break
            }
        }
    }

    private mutating func bound(_ expression: TemplateExpression?) throws(ChatTemplateError) -> Int? {
        guard let expression else { return nil }
        let value = try value(of: expression)
        if case .none = value { return nil }
        guard let bound = value.whole else { throw .failed("a slice is bounded by \(value.kind)") }
        return bound
    }

    /// `object.name`; what is not there is undefined, what an undefined one has is an error.
    func member(_ name: String, of object: TemplateValue) throws(ChatTemplateError) -> TemplateValue {
        switch object {
        case .undefined:
            throw .failed("it asks for \"\(name)\" of \(object.kind)")
        case .dictionary(let members):
            return members.first { $0.key.utf8.elementsEqual(name.utf8) }?.value ?? .undefined(name)
        case .namespace(let index): return namespaces[index][name] ?? .undefined(name)
        case .loop(let depth): return loop(depth, name)
        default: return .undefined(name)
        }
    }

    private func loop(_ depth: Int, _ name: String) -> TemplateValue {
        guard depth < loops.count else { return .undefined(name) }
        let (index, values) = (loops[depth].index, loops[depth].values)
        switch name {
        case "index0": return .integer(index)
        case "index": return .integer(index + 1)
        case "revindex0": return .integer(values.count - index - 1)
        case "revindex": return .integer(values.count - index)
        case "first": return .boolean(index == 0)
        case "last": return .boolean(index == values.count - 1)
        case "length": return .integer(values.count)
        case "depth": return .integer(1)
        case "depth0": return .integer(0)
        case "previtem": return index > 0 ? values[index - 1] : .undefined(name)
        case "nextitem": return index < values.count - 1 ? values[index + 1] : .undefined(name)
        default: return .undefined(name)
        }
    }

    /// `object[index]`
    private mutating func item(
        _ index: TemplateValue, of object: TemplateValue
    ) throws(ChatTemplateError) -> TemplateValue {
        if case .string(let name) = index { return try member(name, of: object) }
        guard let place = index.whole else { throw .failed("it looks for \(index.kind) in \(object.kind)") }
        switch object {
        case .list(let values):
            let place = place < 0 ? place + values.count : place
            return values.indices.contains(place) ? values[place] : .undefined("\(place)")
        case .string(let text):
            try budget.spend(text.utf8.count)
            let scalars = Array(text.unicodeScalars)
            let place = place < 0 ? place + scalars.count : place
            return scalars.indices.contains(place) ? .string(String(scalars[place])) : .undefined("\(place)")
        case .undefined: throw .failed("it looks for \(place) in \(object.kind)")
        default: return .undefined("\(place)")
        }
    }

    private mutating func slice(
        _ object: TemplateValue, _ from: Int?, _ to: Int?, _ step: Int?
    ) throws(ChatTemplateError) -> TemplateValue {
        func places(_ count: Int) throws(ChatTemplateError) -> [Int] {
            let step = step ?? 1
            guard step != 0, step > Int.min else { throw .failed("a slice has the step \(step)") }
            func clamped(_ bound: Int?, _ standard: Int) -> Int {
                guard let bound else { return standard }
                let place = bound < 0 ? max(bound, -count - 1) + count : bound
                return step > 0 ? min(max(place, 0), count) : min(max(place, -1), count - 1)
            }
            let (first, last) = (clamped(from, step > 0 ? 0 : count - 1), clamped(to, step > 0 ? count : -1))
            return Array(stride(from: first, to: last, by: step))
        }
        switch object {
        case .list(let values):
            try budget.spend(values.count)
            return .list(try places(values.count).map { values[$0] })
        case .string(let text):
            try budget.text(text.utf8.count)
            let scalars = Array(text.unicodeScalars)
            return .string(Self.text(try places(scalars.count).map { scalars[$0] }))
        default: throw .failed("it cuts \(object.kind)")
        }
    }

    /// The text of characters.
    static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}

extension TemplateValue {
    /// Whether it is not there, which is an error to ask anything of.
    var isUndefined: Bool { if case .undefined = self { true } else { false } }
}

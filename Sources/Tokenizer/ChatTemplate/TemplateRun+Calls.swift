/// Functions, methods, filters and tests: those of Jinja and Python that chat templates are written with.
extension TemplateRun {
    /// What a function or filter is given.
    struct Given {
        let values: [TemplateValue]
        let named: [(name: String, value: TemplateValue)]

        init(_ arguments: TemplateArguments, _ run: inout TemplateRun) throws(ChatTemplateError) {
            values = try run.values(of: arguments.values)
            var named: [(name: String, value: TemplateValue)] = []
            for (name, expression) in arguments.named { named.append((name, try run.value(of: expression))) }
            self.named = named
        }

        /// The argument at a place, or of a name.
        func argument(_ place: Int, _ name: String) -> TemplateValue? {
            place < values.count ? values[place] : named.first { $0.name == name }?.value
        }

        /// The text at a place; nil where nothing is given.
        func text(_ place: Int, _ name: String = "") throws(ChatTemplateError) -> String? {
            switch argument(place, name) {
            case nil, .none?: return nil
            case .string(let text)?: return text
            case let other?: throw .failed("a function is given \(other.kind) in place of a text")
            }
        }
    }

    mutating func call(
        _ callee: TemplateExpression, _ arguments: TemplateArguments
    ) throws(ChatTemplateError) -> TemplateValue {
        let given = try Given(arguments, &self)
        switch callee {
        case .attribute(let object, let name): return try method(name, of: try value(of: object), given)
        case .name(let name) where lookUp(name).isUndefined: return try function(name, given)
        default: throw .failed("it calls what is no function")
        }
    }

    private mutating func function(_ name: String, _ given: Given) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case "raise_exception": throw .refused(given.values.first?.written ?? "")
        case "namespace":
            guard namespaces.count < 1000 else { throw .tooMuch("makes more than 1000 namespaces") }
            namespaces.append(Dictionary(given.named.map { ($0.name, $0.value) }) { _, last in last })
            return .namespace(namespaces.count - 1)
        case "dict":
            try nest(given.named.map(\.value))
            return .dictionary(given.named.map { (key: $0.name, value: $0.value) })
        case "range":
            let bounds = given.values.compactMap(\.whole)
            guard bounds.count == given.values.count, (1...3).contains(bounds.count),
                bounds.last != 0 || bounds.count < 3
            else { throw .failed("\"range\" is given what is no range") }
            let (first, last) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
            let step = bounds.count == 3 ? bounds[2] : 1
            let (distance, overflow) = last.subtractingReportingOverflow(first)
            guard !overflow, distance / step < 100_000 else { throw .tooMuch("counts further than 100000") }
            let numbers = stride(from: first, to: last, by: step).map { TemplateValue.integer($0) }
            try budget.spend(64 * numbers.count)
            return .list(numbers)
        default: throw .failed("it calls the function \"\(name)\", which this build does not have")
        }
    }

    private mutating func method(
        _ name: String, of object: TemplateValue, _ given: Given
    ) throws(ChatTemplateError) -> TemplateValue {
        switch object {
        case .string(let text): return try method(name, ofText: text, given)
        case .dictionary(let members):
            switch name {
            case "items": return .list(members.map { .list([.string($0.key), $0.value]) })
            case "keys": return .list(members.map { .string($0.key) })
            case "values": return .list(members.map(\.value))
            case "get":
                let key = try given.text(0) ?? ""
                let found = members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
                return found ?? given.argument(1, "default") ?? .none
            default: break
            }
        case .loop(let depth) where name == "cycle" && !given.values.isEmpty && depth < loops.count:
            return given.values[loops[depth].index % given.values.count]
        default: break
        }
        throw .failed("it calls \"\(name)\" of \(object.kind), which this build does not have")
    }

    private mutating func method(
        _ name: String, ofText text: String, _ given: Given
    ) throws(ChatTemplateError) -> TemplateValue {
        try budget.text(text.utf8.count)
        switch name {
        case "strip", "lstrip", "rstrip":
            return .string(
                TemplateText.stripped(text, try given.text(0), left: name != "rstrip", right: name != "lstrip"))
        case "upper": return .string(text.uppercased())
        case "lower": return .string(text.lowercased())
        case "capitalize": return .string(TemplateText.capitalized(text))
        case "title": return .string(TemplateText.titled(text))
        case "startswith", "endswith":
            let part = Array((try given.text(0) ?? "").utf8)
            return .boolean(
                name == "startswith" ? text.utf8.starts(with: part) : text.utf8.suffix(part.count).elementsEqual(part))
        case "replace": return .string(try replaced(text, try given.text(0) ?? "", try given.text(1) ?? ""))
        case "split":
            guard let separator = try given.text(0, "sep") else {
                return .list(TemplateText.words(text).map { .string($0) })
            }
            guard !separator.isEmpty else { throw .failed("it splits a text at nothing") }
            let limit = given.argument(1, "maxsplit")?.whole ?? -1
            return .list(try pieces(of: text, at: separator, most: limit < 0 ? .max : limit).map { .string($0) })
        default: throw .failed("it calls \"\(name)\" of a text, which this build does not have")
        }
    }

    private mutating func pieces(
        of text: String, at separator: String, most: Int
    ) throws(ChatTemplateError) -> [String] {
        let bytes = Array(text.utf8)
        var pieces: [String] = []
        var start = 0
        for place in try places(of: separator, in: text, most: most) {
            pieces.append(String(decoding: bytes[start..<place], as: UTF8.self))
            start = place + separator.utf8.count
        }
        try budget.spend(64 * pieces.count)
        return pieces + [String(decoding: bytes[start...], as: UTF8.self)]
    }

    private mutating func replaced(_ text: String, _ old: String, _ new: String) throws(ChatTemplateError) -> String {
        guard !old.isEmpty else { throw .failed("it replaces nothing in a text") }
        let pieces = try pieces(of: text, at: old, most: .max)
        let bytes = new.utf8.count.multipliedReportingOverflow(by: pieces.count)
        try budget.text(bytes.overflow ? .max / 2 : text.utf8.count + min(bytes.partialValue, .max / 2))
        return pieces.joined(separator: new)
    }

    mutating func filter(
        _ input: TemplateValue, _ name: String, _ given: Given
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case "default", "d":
            let isMissing = input.isUndefined || given.argument(1, "boolean")?.isTrue == true && !input.isTrue
            return isMissing ? given.argument(0, "default_value") ?? .string("") : input
        case "length", "count":
            if case .string(let text) = input { return .integer(text.unicodeScalars.count) }
            return .integer(try elements(of: input).count)
        case "first": return try elements(of: input).first ?? .undefined("first")
        case "last": return try elements(of: input).last ?? .undefined("last")
        case "list": return .list(try elements(of: input))
        case "reverse":
            if case .string(let text) = input { return .string(Self.text(text.unicodeScalars.reversed())) }
            return .list(try elements(of: input).reversed())
        case "items": return input.isUndefined ? .list([]) : try method("items", of: input, given)
        case "join":
            let separator = try given.text(0, "d") ?? ""
            var texts: [String] = []
            for element in try elements(of: input) {
                guard let text = element.written else { throw .failed("it joins \(element.kind)") }
                texts.append(text)
            }
            let bytes = texts.reduce(0) { $0 + $1.utf8.count }
            let between = separator.utf8.count.multipliedReportingOverflow(by: texts.count)
            try budget.text(between.overflow ? .max / 2 : bytes + min(between.partialValue, .max / 2))
            return .string(texts.joined(separator: separator))
        case "selectattr", "rejectattr":
            return try selected(input, given, keeps: name == "selectattr")
        case "map":
            guard let attribute = try given.text(1, "attribute"), given.values.isEmpty else { break }
            var values: [TemplateValue] = []
            for element in try elements(of: input) { values.append(try member(attribute, of: element)) }
            return .list(values)
        case "int":
            if let whole = input.whole { return .integer(whole) }
            if case .string(let text) = input {
                return .integer(Int(TemplateText.stripped(text, nil, left: true, right: true)) ?? 0)
            }
        case "string", "safe", "trim", "upper", "lower", "capitalize", "title", "replace":
            guard let text = input.written else { break }
            switch name {
            case "string", "safe": return .string(text)
            case "trim":
                try budget.text(text.utf8.count)
                return .string(TemplateText.stripped(text, try given.text(0, "chars"), left: true, right: true))
            case "title":
                try budget.text(text.utf8.count)
                return .string(TemplateText.filteredTitle(text))
            default: return try method(name, ofText: text, given)
            }
        default: break
        }
        throw .failed("it uses the filter \"\(name)\" on \(input.kind), which this build does not do")
    }

    private mutating func selected(
        _ input: TemplateValue, _ given: Given, keeps: Bool
    ) throws(ChatTemplateError) -> TemplateValue {
        var kept: [TemplateValue] = []
        let (attribute, name) = (try given.text(0) ?? "", try given.text(1))
        for element in try elements(of: input) {
            try budget.spend()
            let value = try member(attribute, of: element)
            let holds = try name.map { (name) throws(ChatTemplateError) in
                try test(value, name, Array(given.values.dropFirst(2)))
            }
            if (holds ?? value.isTrue) == keeps { kept.append(element) }
        }
        return .list(kept)
    }

    mutating func test(
        _ input: TemplateValue, _ name: String, _ given: [TemplateValue]
    ) throws(ChatTemplateError) -> Bool {
        switch (name, input) {
        case ("defined", _): return !input.isUndefined
        case ("undefined", _): return input.isUndefined
        case ("none", .none), ("string", .string), ("mapping", .dictionary), ("boolean", .boolean): return true
        case ("iterable", .undefined), ("iterable", .string), ("iterable", .list), ("iterable", .dictionary):
            return true
        case ("sequence", .undefined), ("sequence", .string), ("sequence", .list), ("sequence", .dictionary):
            return true
        case ("number", .integer), ("number", .number), ("number", .boolean), ("integer", .integer): return true
        case ("float", .number): return true
        case ("true", .boolean(let value)): return value
        case ("false", .boolean(let value)): return !value
        case ("none", _), ("string", _), ("mapping", _), ("boolean", _), ("iterable", _), ("sequence", _),
            ("number", _), ("integer", _), ("float", _), ("true", _), ("false", _):
            return false
        case ("odd", _), ("even", _):
            guard let value = input.whole else { throw .failed("it asks whether \(input.kind) is \(name)") }
            return value.isMultiple(of: 2) == (name == "even")
        case ("divisibleby", _):
            guard let value = input.whole, let by = given.first?.whole, by != 0 else { break }
            return value.isMultiple(of: by)
        case ("equalto", _), ("eq", _), ("sameas", _), ("ne", _):
            guard let other = given.first else { break }
            return try compare(name == "ne" ? "!=" : "==", input, other)
        case ("in", _):
            guard let whole = given.first else { break }
            return try contains(whole, input)
        default: break
        }
        throw .failed("it uses the test \"\(name)\" on \(input.kind), which this build does not do")
    }
}

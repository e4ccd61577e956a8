/// Reads the tokens of a template's code as an expression, with Jinja's order of operations.
struct TemplateExpressionParser {
    /// The word of a statement that ended a block.
    private(set) var word = ""
    private var tokens: ArraySlice<TemplateToken>
    private let line: Int
    private var depth = 0
    /// Values and operations so far: what is computed within each other is bounded by them.
    private var operations = 0
    private static let mostOperations = 512

    init(_ tokens: [TemplateToken], line: Int) {
        self.tokens = tokens[...]
        self.line = line
    }

    /// The same behind a word.
    func after(_ word: String) -> TemplateExpressionParser {
        var parser = self
        parser.word = word
        return parser
    }

    /// The error that says what cannot be used.
    func refusal(_ what: String) -> ChatTemplateError { .unsupported(what, line: line) }

    private mutating func count() throws(ChatTemplateError) {
        operations += 1
        guard operations <= Self.mostOperations else {
            throw refusal("an expression of more than \(Self.mostOperations) operations")
        }
    }

    private var next: String {
        switch tokens.first {
        case .name(let name): "\"\(name)\""
        case .string(let text): "the text \"\(text.prefix(20))\""
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .symbol(let symbol): "\"\(symbol)\""
        case nil: "the end of the code"
        }
    }

    /// Passes a token that comes next; false where another does.
    mutating func take(_ token: TemplateToken) -> Bool {
        guard tokens.first == token else { return false }
        tokens.removeFirst()
        return true
    }

    private mutating func demand(_ symbol: String) throws(ChatTemplateError) {
        guard take(.symbol(symbol)) else { throw refusal("\(next) where \"\(symbol)\" is expected") }
    }

    /// Demands that nothing follows.
    func end() throws(ChatTemplateError) {
        guard tokens.isEmpty else { throw refusal("\(next) where nothing is expected") }
    }

    mutating func name() throws(ChatTemplateError) -> String {
        guard case .name(let name)? = tokens.first else { throw refusal("\(next) where a name is expected") }
        tokens.removeFirst()
        return name
    }

    mutating func names() throws(ChatTemplateError) -> [String] {
        let isOpen = take(.symbol("("))
        var names = [try name()]
        while take(.symbol(",")) { names.append(try name()) }
        if isOpen { try demand(")") }
        return names
    }

    /// An expression that is all of the code.
    mutating func whole() throws(ChatTemplateError) -> TemplateExpression {
        let expression = try expression()
        try end()
        return expression
    }

    /// - Parameter choosing: whether `a if b else c` may follow.
    mutating func expression(choosing: Bool = true) throws(ChatTemplateError) -> TemplateExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 64 else { throw refusal("an expression within more than 64 others") }
        var value = try or()
        while choosing, take(.name("if")) {
            let condition = try or()
            value = .choice(condition, value, take(.name("else")) ? try expression() : nil)
        }
        return value
    }

    private mutating func or() throws(ChatTemplateError) -> TemplateExpression {
        var value = try and()
        while take(.name("or")) {
            try count()
            value = .or(value, try and())
        }
        return value
    }

    private mutating func and() throws(ChatTemplateError) -> TemplateExpression {
        var value = try not()
        while take(.name("and")) {
            try count()
            value = .and(value, try not())
        }
        return value
    }

    private mutating func not() throws(ChatTemplateError) -> TemplateExpression {
        var isNot = false
        while tokens.first == .name("not") {
            tokens.removeFirst()
            isNot.toggle()
            // Twice is a truth value as well, which the value itself need not be.
            if !isNot { return .not(.not(try comparison())) }
        }
        return isNot ? .not(try comparison()) : try comparison()
    }

    private mutating func comparison() throws(ChatTemplateError) -> TemplateExpression {
        let first = try sum()
        var rest: [(String, TemplateExpression)] = []
        while true {
            if case .symbol(let symbol)? = tokens.first, ["==", "!=", "<", ">", "<=", ">="].contains(symbol) {
                tokens.removeFirst()
                rest.append((symbol, try sum()))
            } else if take(.name("in")) {
                rest.append(("in", try sum()))
            } else if tokens.starts(with: [.name("not"), .name("in")]) {
                tokens.removeFirst(2)
                rest.append(("not in", try sum()))
            } else {
                return rest.isEmpty ? first : .comparison(first, rest)
            }
        }
    }

    private mutating func sum() throws(ChatTemplateError) -> TemplateExpression {
        try chain(["+", "-"]) { parser throws(ChatTemplateError) in
            try parser.chain(["~"]) { parser throws(ChatTemplateError) in
                try parser.chain(["*", "/", "//", "%"]) { parser throws(ChatTemplateError) in try parser.unary() }
            }
        }
    }

    private mutating func chain(
        _ symbols: [String], _ operand: (inout TemplateExpressionParser) throws(ChatTemplateError) -> TemplateExpression
    ) throws(ChatTemplateError) -> TemplateExpression {
        var value = try operand(&self)
        while case .symbol(let symbol)? = tokens.first, symbols.contains(symbol) {
            tokens.removeFirst()
            try count()
            value = .binary(symbol, value, try operand(&self))
        }
        return value
    }

    /// A sign binds closer than filters and tests of what it stands before.
    private mutating func unary() throws(ChatTemplateError) -> TemplateExpression {
        if tokens.first == .symbol("**") { throw refusal("the operation \"**\"") }
        if tokens.first == .symbol("-") || tokens.first == .symbol("+") {
            let isNegative = take(.symbol("-"))
            if !isNegative { tokens.removeFirst() }
            let value = try postfix(try primary())
            return try filtered(isNegative ? .negative(value) : value)
        }
        return try filtered(try postfix(try primary()))
    }

    private mutating func primary() throws(ChatTemplateError) -> TemplateExpression {
        try count()
        guard let token = tokens.popFirst() else { throw refusal("code that ends where a value is expected") }
        switch token {
        case .string(var text):
            while case .string(let more)? = tokens.first {
                tokens.removeFirst()
                text += more
            }
            return .literal(.string(text))
        case .integer(let value): return .literal(.integer(value))
        case .number(let value): return .literal(.number(value))
        case .name("true"), .name("True"): return .literal(.boolean(true))
        case .name("false"), .name("False"): return .literal(.boolean(false))
        case .name("none"), .name("None"): return .literal(.none)
        case .name(let name): return .name(name)
        case .symbol("("):
            if take(.symbol(")")) { return .list([]) }
            let value = try expression()
            guard tokens.first == .symbol(",") else {
                try demand(")")
                return value
            }
            tokens.removeFirst()
            return .list([value] + (try expressions(until: ")")))
        case .symbol("["): return .list(try expressions(until: "]"))
        case .symbol("{"):
            var members: [(TemplateExpression, TemplateExpression)] = []
            while !take(.symbol("}")) {
                let key = try expression()
                try demand(":")
                members.append((key, try expression()))
                if tokens.first != .symbol("}") { try demand(",") }
            }
            return .dictionary(members)
        case .symbol(let symbol): throw refusal("\"\(symbol)\" where a value is expected")
        }
    }

    private mutating func expressions(until end: String) throws(ChatTemplateError) -> [TemplateExpression] {
        var values: [TemplateExpression] = []
        while !take(.symbol(end)) {
            values.append(try expression())
            if tokens.first != .symbol(end) { try demand(",") }
        }
        return values
    }

    private mutating func postfix(_ first: TemplateExpression) throws(ChatTemplateError) -> TemplateExpression {
        var value = first
        while true {
            try count()
            if take(.symbol(".")) {
                value = .attribute(value, try name())
            } else if take(.symbol("[")) {
                value = try subscripted(value)
            } else if take(.symbol("(")) {
                value = .call(value, try arguments())
            } else {
                return value
            }
        }
    }

    private mutating func subscripted(_ value: TemplateExpression) throws(ChatTemplateError) -> TemplateExpression {
        var bounds: [TemplateExpression?] = [nil]
        while !take(.symbol("]")) {
            if take(.symbol(":")) {
                guard bounds.count < 3 else { throw refusal("a slice of more than three parts") }
                bounds.append(nil)
            } else {
                guard bounds[bounds.count - 1] == nil else { throw refusal("\(next) where \"]\" is expected") }
                bounds[bounds.count - 1] = try expression()
            }
        }
        if bounds.count == 1 {
            guard let index = bounds[0] else { throw refusal("\"[]\" behind a value") }
            return .item(value, index)
        }
        return .slice(value, bounds[0], bounds[1], bounds.count == 3 ? bounds[2] : nil)
    }

    private mutating func arguments() throws(ChatTemplateError) -> TemplateArguments {
        var arguments = TemplateArguments()
        while !take(.symbol(")")) {
            if case .name(let name)? = tokens.first, tokens.dropFirst().first == .symbol("=") {
                tokens.removeFirst(2)
                arguments.named.append((name, try expression()))
            } else {
                arguments.values.append(try expression())
            }
            if tokens.first != .symbol(")") { try demand(",") }
        }
        return arguments
    }

    /// `value | filter | filter(arguments) is test`
    private mutating func filtered(_ first: TemplateExpression) throws(ChatTemplateError) -> TemplateExpression {
        var value = first
        while true {
            try count()
            if take(.symbol("|")) {
                let name = try name()
                value = .filter(value, name, take(.symbol("(")) ? try arguments() : TemplateArguments())
            } else if take(.name("is")) {
                let isNot = take(.name("not"))
                let name = try name()
                let test = TemplateExpression.test(value, name, try testArguments())
                value = isNot ? .not(test) : test
            } else {
                return value
            }
        }
    }

    private mutating func testArguments() throws(ChatTemplateError) -> [TemplateExpression] {
        if take(.symbol("(")) { return try expressions(until: ")") }
        switch tokens.first {
        case .string, .integer, .number, .symbol("["), .symbol("{"): return [try postfix(try primary())]
        case .name(let name) where !["else", "or", "and", "if", "is", "in", "not"].contains(name):
            return [try postfix(try primary())]
        default: return []
        }
    }
}

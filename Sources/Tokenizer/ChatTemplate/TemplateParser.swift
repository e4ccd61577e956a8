/// Reads the parts of a template as nodes: statements.
struct TemplateParser {
    private var parts: ArraySlice<TemplatePart>
    private var depth = 0

    /// The nodes of a template.
    static func nodes(of template: String) throws(ChatTemplateError) -> [TemplateNode] {
        var parser = TemplateParser(parts: try TemplateLexer.parts(of: template)[...])
        return try parser.block(until: []).nodes
    }

    private init(parts: ArraySlice<TemplatePart>) { self.parts = parts }

    /// Nodes until a statement that begins with one of these words, which is passed and handed over.
    private mutating func block(
        until ends: Set<String>
    ) throws(ChatTemplateError) -> (nodes: [TemplateNode], end: TemplateExpressionParser) {
        let start = parts.first?.line ?? 1
        depth += 1
        defer { depth -= 1 }
        guard depth <= 64 else { throw .unsupported("statements within more than 64 others", line: start) }
        var nodes: [TemplateNode] = []
        while let part = parts.popFirst() {
            switch part.kind {
            case .text(let text): nodes.append(.text(text))
            case .output(let tokens):
                var parser = TemplateExpressionParser(tokens, line: part.line)
                nodes.append(.output(try parser.whole()))
            case .statement(let tokens):
                var parser = TemplateExpressionParser(tokens, line: part.line)
                let word = try parser.name()
                if ends.contains(word) { return (nodes, parser.after(word)) }
                nodes.append(try statement(word, &parser))
            }
        }
        guard ends.isEmpty else { throw .unsupported("a statement that does not end", line: start) }
        return (nodes, TemplateExpressionParser([], line: start))
    }

    private mutating func statement(
        _ word: String, _ parser: inout TemplateExpressionParser
    ) throws(ChatTemplateError) -> TemplateNode {
        switch word {
        case "if": return try condition(&parser)
        case "for": return try loop(&parser)
        case "set": return try set(&parser)
        case "break", "continue":
            try parser.end()
            return word == "break" ? .stop : .next
        case "generation":
            // Marks what the assistant says, for training: it changes nothing that is written.
            try parser.end()
            let (nodes, _) = try block(until: ["endgeneration"])
            return .condition([(.literal(.boolean(true)), nodes)], otherwise: [])
        default: throw parser.refusal("the statement \"\(word)\"")
        }
    }

    private mutating func condition(_ parser: inout TemplateExpressionParser) throws(ChatTemplateError) -> TemplateNode
    {
        var branches: [(TemplateExpression, [TemplateNode])] = []
        var test = try parser.whole()
        while true {
            var (nodes, end) = try block(until: ["elif", "else", "endif"])
            branches.append((test, nodes))
            switch end.word {
            case "elif": test = try end.whole()
            case "else":
                try end.end()
                return .condition(branches, otherwise: try block(until: ["endif"]).nodes)
            default: return .condition(branches, otherwise: [])
            }
        }
    }

    private mutating func loop(_ parser: inout TemplateExpressionParser) throws(ChatTemplateError) -> TemplateNode {
        let names = try parser.names()
        guard parser.take(.name("in")) else { throw parser.refusal("a loop without \"in\"") }
        let values = try parser.expression(choosing: false)
        let condition = parser.take(.name("if")) ? try parser.expression() : nil
        try parser.end()
        let (body, end) = try block(until: ["else", "endfor"])
        let otherwise = end.word == "else" ? try block(until: ["endfor"]).nodes : []
        return .loop(
            TemplateLoop(names: names, values: values, condition: condition, body: body, otherwise: otherwise))
    }

    private mutating func set(_ parser: inout TemplateExpressionParser) throws(ChatTemplateError) -> TemplateNode {
        let names = try parser.names()
        if names.count == 1, parser.take(.symbol(".")) {
            let member = try parser.name()
            guard parser.take(.symbol("=")) else { throw parser.refusal("\"set\" without \"=\"") }
            return .setMember(names[0], member, try parser.whole())
        }
        guard parser.take(.symbol("=")) else {
            try parser.end()
            guard names.count == 1 else { throw parser.refusal("\"set\" of several names without \"=\"") }
            return .setText(names[0], try block(until: ["endset"]).nodes)
        }
        return .set(names, try parser.whole())
    }
}

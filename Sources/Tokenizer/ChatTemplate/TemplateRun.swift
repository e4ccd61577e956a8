/// One application of a template: what its names stand for, and what it has written.
struct TemplateRun {
    /// What a loop goes over, and where it is.
    struct Loop {
        let values: [TemplateValue]
        var index = 0
    }

    /// Why nodes behind one are left out.
    private enum Way {
        case on, next, stop
    }

    var budget = TemplateBudget()
    /// Names of the template, then of each loop that goes on.
    var names: [[String: TemplateValue]]
    var loops: [Loop] = []
    var namespaces: [[String: TemplateValue]] = []
    private var written: [UInt8] = []

    /// What a template writes, with these names.
    static func text(
        of nodes: [TemplateNode], _ names: [String: TemplateValue]
    ) throws(ChatTemplateError) -> String {
        var run = TemplateRun(names: [names])
        _ = try run.run(nodes)
        return String(decoding: run.written, as: UTF8.self)
    }

    private init(names: [[String: TemplateValue]]) { self.names = names }

    private mutating func write(_ text: String) throws(ChatTemplateError) {
        let bytes = text.utf8.count
        try budget.spend(bytes)
        guard written.count + bytes <= TemplateBudget.mostBytes else {
            throw .tooMuch("writes more than \(TemplateBudget.mostBytes) bytes")
        }
        written += text.utf8
    }

    private mutating func run(_ nodes: [TemplateNode]) throws(ChatTemplateError) -> Way {
        for node in nodes {
            try budget.spend()
            switch node {
            case .text(let text): try write(text)
            case .output(let expression):
                let value = try value(of: expression)
                guard let text = value.written else { throw .failed("it writes \(value.kind), which is not one text") }
                try write(text)
            case .condition(let branches, let otherwise):
                let way = try run(try chosen(branches, otherwise))
                if way != .on { return way }
            case .loop(let loop): try run(loop)
            case .set(let names, let expression): try assign(try value(of: expression), to: names)
            case .setMember(let name, let member, let expression):
                let value = try value(of: expression)
                guard case .namespace(let index) = lookUp(name) else {
                    throw .failed("it sets \"\(name).\(member)\", but \"\(name)\" is no namespace")
                }
                namespaces[index][member] = value
            case .setText(let name, let nodes):
                let before = written
                written = []
                let way = try run(nodes)
                names[names.count - 1][name] = .string(String(decoding: written, as: UTF8.self))
                written = before
                if way != .on { return way }
            case .stop: return .stop
            case .next: return .next
            }
        }
        return .on
    }

    private mutating func chosen(
        _ branches: [(TemplateExpression, [TemplateNode])], _ otherwise: [TemplateNode]
    ) throws(ChatTemplateError) -> [TemplateNode] {
        for (condition, nodes) in branches where try value(of: condition).isTrue { return nodes }
        return otherwise
    }

    private mutating func run(_ loop: TemplateLoop) throws(ChatTemplateError) {
        var values = try elements(of: try value(of: loop.values))
        names.append([:])
        defer { names.removeLast() }
        if let condition = loop.condition {
            var kept: [TemplateValue] = []
            for value in values {
                try assign(value, to: loop.names)
                if try self.value(of: condition).isTrue { kept.append(value) }
            }
            values = kept
        }
        guard !values.isEmpty else {
            names[names.count - 1] = [:]
            _ = try run(loop.otherwise)
            return
        }
        loops.append(Loop(values: values))
        defer { loops.removeLast() }
        for (index, value) in values.enumerated() {
            try budget.spend()
            loops[loops.count - 1].index = index
            // What is set within a loop is forgotten with each turn.
            names[names.count - 1] = ["loop": .loop(loops.count - 1)]
            try assign(value, to: loop.names)
            if try run(loop.body) == .stop { break }
        }
    }

    private mutating func assign(_ value: TemplateValue, to names: [String]) throws(ChatTemplateError) {
        if names.count == 1 {
            self.names[self.names.count - 1][names[0]] = value
            return
        }
        let values = try elements(of: value)
        guard values.count == names.count else {
            throw .failed("it gives \(values.count) values to \(names.count) names")
        }
        for (name, value) in zip(names, values) { self.names[self.names.count - 1][name] = value }
    }

    /// What a name stands for.
    func lookUp(_ name: String) -> TemplateValue {
        for scope in names.reversed() { if let value = scope[name] { return value } }
        return .undefined(name)
    }

    /// What a loop goes over: elements, keys or characters.
    mutating func elements(of value: TemplateValue) throws(ChatTemplateError) -> [TemplateValue] {
        switch value {
        case .undefined: return []
        case .list(let values):
            try budget.spend(values.count)
            return values
        case .dictionary(let members): return members.map { .string($0.key) }
        case .string(let text):
            try budget.spend(64 * text.utf8.count)
            return text.unicodeScalars.map { .string(String($0)) }
        default: throw .failed("it goes through \(value.kind)")
        }
    }
}

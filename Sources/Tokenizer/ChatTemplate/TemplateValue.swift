/// A value of a template, as Python has it.
enum TemplateValue: Sendable {
    /// Something that is not there, and what it was called.
    case undefined(String)
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([TemplateValue])
    /// Keys are texts, in their order.
    case dictionary([(key: String, value: TemplateValue)])
    /// A place among those of the template that members may be set of: `namespace()`.
    case namespace(Int)
    /// The loop that is going on, by its depth.
    case loop(Int)

    /// What Python takes for true.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .boolean(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .string(let value): !value.isEmpty
        case .list(let values): !values.isEmpty
        case .dictionary(let members): !members.isEmpty
        case .namespace, .loop: true
        }
    }

    /// What it is, for errors.
    var kind: String {
        switch self {
        case .undefined(let name): "\"\(name)\", which is not there,"
        case .none: "none"
        case .boolean: "a truth value"
        case .integer, .number: "a number"
        case .string: "a text"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .namespace: "a namespace"
        case .loop: "a loop"
        }
    }

    /// A number, or a truth value as one.
    var arithmetic: Double? {
        switch self {
        case .boolean(let value): value ? 1 : 0
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// A whole number, or a truth value as one.
    var whole: Int? {
        switch self {
        case .boolean(let value): value ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }

    /// How Jinja writes it; nil for what is more than one thing.
    var written: String? {
        switch self {
        case .undefined: ""
        case .none: "None"
        case .boolean(let value): value ? "True" : "False"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): value
        case .list, .dictionary, .namespace, .loop: nil
        }
    }
}

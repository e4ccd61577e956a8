/// How a published model wants conversations written down: a template of Jinja, of which this understands what such templates are
/// made of. It is data of strangers: it computes nothing but text, and no more than a bounded number of steps and bytes.
///
/// Written as transformers applies it, with `trim_blocks` and `lstrip_blocks`: text, `{{ }}` and `{% %}` with their hyphens, `if`, `for`
/// (with `loop`, `break`, `continue`), `set`, `namespace`, operators, slices, conditional expressions, `raise_exception`, and the
/// filters, tests and methods of texts, lists and dictionaries in `TemplateRun+Calls.swift`. A statement that is not among them is
/// refused when the template is read; a function or filter when it is used, since templates have branches that are never taken.
public struct ChatTemplate: Sendable {
    /// What one side of a conversation said.
    public struct Message: Sendable {
        /// Who: "user", "assistant" or "system".
        public var role: String
        /// What, in order.
        public var content: [Content]

        /// A message of those members.
        public init(role: String, content: [Content]) {
            self.role = role
            self.content = content
        }
    }

    /// A piece of a message.
    public enum Content: Sendable {
        case text(String)
        case image
    }

    /// The most bytes of a template.
    private static let mostBytes = 1 << 20
    private let nodes: [TemplateNode]

    /// Reads a template. Throws where it has what is not understood.
    public init(_ template: String) throws(ChatTemplateError) {
        guard template.utf8.count <= Self.mostBytes else {
            throw .tooMuch("has more than \(Self.mostBytes) bytes")
        }
        nodes = try TemplateParser.nodes(of: template)
    }

    /// The conversation as text, up to where the assistant is to go on.
    /// - Parameter tokens: further names with their texts, such as `bos_token`.
    public func text(of messages: [Message], tokens: [String: String] = [:]) throws(ChatTemplateError) -> String {
        let list = messages.map { message in
            let content = message.content.map { content -> TemplateValue in
                switch content {
                case .text(let text): .dictionary([("type", .string("text")), ("text", .string(text))])
                case .image: .dictionary([("type", .string("image"))])
                }
            }
            return TemplateValue.dictionary([("role", .string(message.role)), ("content", .list(content))])
        }
        var names = tokens.mapValues { TemplateValue.string($0) }
        names["messages"] = .list(list)
        names["add_generation_prompt"] = .boolean(true)
        names["tools"] = TemplateValue.none
        names["documents"] = TemplateValue.none
        return try text(names)
    }

    /// What the template writes, with these names.
    func text(_ names: [String: TemplateValue]) throws(ChatTemplateError) -> String {
        try TemplateRun.text(of: nodes, names)
    }
}

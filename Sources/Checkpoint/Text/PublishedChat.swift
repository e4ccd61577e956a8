import JSON

/// How a published model wants conversations written down, as its files say: the template, and the texts of special tokens that
/// templates name.
public struct PublishedChat: Sendable, Equatable {
    /// The template; nil where no file has one.
    public let template: String?
    /// Texts of special tokens by their names: "bos_token", "eos_token" and others.
    public let tokens: [String: String]

    private static let mostBytes = 1 << 20
    private static let tokenNames = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token", "image_token",
        "fake_image_token", "global_image_token", "end_of_utterance_token",
    ]

    /// Looks where transformers does: `processor_config.json`, `chat_template.jinja`, `chat_template.json`, `tokenizer_config.json`.
    /// Throws what is wrong with a file.
    public init(_ folder: Checkpoint) throws(CheckpointError) {
        var files = PublishedFiles(folder)
        var template = Self.template(in: files.reader("processor_config.json"))
        if template == nil, folder.has("chat_template.jinja") {
            do throws(JSONError) {
                let path = "\(folder.directory)/chat_template.jinja"
                template = String(decoding: try JSONValue.bytes(of: path, limit: Self.mostBytes), as: UTF8.self)
            } catch {
                files.problems.append(.json(file: "chat_template.jinja", error))
            }
        }
        if template == nil { template = Self.template(in: files.reader("chat_template.json")) }
        let tokenizer = files.reader("tokenizer_config.json")
        self.template = template ?? Self.template(in: tokenizer)
        var tokens: [String: String] = [:]
        for reader in [files.reader("special_tokens_map.json"), tokenizer] {
            for name in Self.tokenNames {
                if let token = Self.token(try? reader?.cursor?.optionalMember(name)) { tokens[name] = token }
            }
        }
        self.tokens = tokens
        guard files.problems.isEmpty else {
            throw CheckpointError(directory: folder.directory, problems: files.problems)
        }
    }

    /// A text, or the one called "default" of a list of names and templates.
    private static func template(in reader: ConfigurationReader?) -> String? {
        guard let cursor = try? reader?.cursor?.optionalMember("chat_template") else { return nil }
        if case .string(let template) = cursor.value { return template }
        let named = (try? cursor.elements()) ?? []
        return named.first { (try? $0.member("name").string()) == "default" }.flatMap {
            try? $0.member("template").string()
        }
    }

    /// A token that is written as its content, or as an object that has it.
    private static func token(_ cursor: JSONCursor?) -> String? {
        switch cursor?.value {
        case .string(let content)?: content
        case .object(let members)?: if case .string(let content)? = members["content"] { content } else { nil }
        default: nil
        }
    }
}

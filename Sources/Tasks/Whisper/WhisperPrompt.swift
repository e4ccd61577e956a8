import Checkpoint

/// The tokens that a transcript begins with, as transformers puts them together (`_retrieve_init_tokens`): the begin, the language, the
/// task, and the token that no time stamps are wanted.
struct WhisperPrompt: Equatable {
    /// Behind the begin; nil stands for the language that is heard.
    let tokens: [Int?]

    /// Throws `TaskError` for what the model cannot do.
    init(
        _ options: TranscriptionOptions, _ generation: WhisperGeneration, writesTimestamps: Bool, model: String
    ) throws(TaskError) {
        try Self.check(options, generation, model: model)
        // A model of English alone may be told what it does anyway: it has no tokens for that.
        let isTold = generation.knowsLanguages
        let language = (isTold ? options.language : nil) ?? generation.language
        let task = (isTold ? options.task?.rawValue : nil) ?? generation.task
        var tokens: [Int?] = language == nil && task == nil ? generation.forced : []
        var languageToken: Int??
        if let language {
            languageToken = try Self.token(ofLanguage: language, generation)
        } else if !generation.languages.isEmpty, tokens.isEmpty || tokens[0] == nil {
            languageToken = .some(nil)
        }
        if let languageToken {
            if tokens.isEmpty { tokens = [languageToken] } else { tokens[0] = languageToken }
        }
        if let task {
            guard let token = generation.tasks[task] else {
                throw .invalidOption("task", Self.unknown(task, among: generation.tasks.keys.sorted()))
            }
            tokens.append(token)
        } else if language != nil, !tokens.contains(where: { $0.map(Set(generation.tasks.values).contains) ?? false }) {
            tokens += [generation.tasks["transcribe"]].compactMap(\.self)
        }
        if let noTimestamps = generation.special.noTimestamps {
            let isLast = (tokens.last ?? nil) == noTimestamps
            if !writesTimestamps, !isLast { tokens.append(noTimestamps) }
            if writesTimestamps, isLast { tokens.removeLast() }
        }
        // A language that is not known and that nothing tells is left out.
        self.tokens = generation.languages.isEmpty ? tokens.filter { $0 != nil } : tokens
    }

    private static func check(
        _ options: TranscriptionOptions, _ generation: WhisperGeneration, model: String
    ) throws(TaskError) {
        if options.timestamps != .none, generation.special.noTimestamps == nil {
            throw .invalidOption(
                "timestamps", "can only be \"none\", for the model \(model) writes no time stamps")
        }
        if options.timestamps == .word, generation.alignmentHeads == nil {
            throw .invalidOption(
                "timestamps",
                "can only be \"segment\" or \"none\", for the model \(model) does not say which of its attention heads "
                    + "align words (alignment_heads in generation_config.json)")
        }
        guard !generation.knowsLanguages else { return }
        if let language = options.language, WhisperLanguages.code(of: language) != "en" {
            throw .invalidOption(
                "language", "is \"\(language)\", but the model \(model) knows English alone: leave it out")
        }
        if options.task == .translate {
            throw .invalidOption("task", "is \"translate\", but the model \(model) knows English alone: leave it out")
        }
    }

    private static func token(
        ofLanguage language: String, _ generation: WhisperGeneration
    ) throws(TaskError) -> Int {
        let code = WhisperLanguages.code(of: language)
        if let code, let token = generation.languages[code] { return token }
        let known = generation.languages.keys.sorted()
        let isKnown = code != nil ? "which this model does not know; it knows" : "which is no language of it; it knows"
        throw .invalidOption(
            "language", "is \"\(language)\", \(isKnown) \(known.joined(separator: ", "))")
    }

    private static func unknown(_ value: String, among known: [String]) -> String {
        "is \"\(value)\", but the model knows \(known.joined(separator: " and "))"
    }
}

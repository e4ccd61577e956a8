/// Which files of a repository a model is made of: what the families read, and weights in one form of those that are there.
enum NeededFiles {
    /// Files that count wherever a model, or a module of sentence-transformers, has its folder.
    private static let names: Set<String> = [
        "added_tokens.json", "chat_template.jinja", "chat_template.json", "config.json", "generation_config.json",
        "merges.txt",
        "normalizer.json", "preprocessor_config.json", "processor_config.json", "sentencepiece.bpe.model",
        "special_tokens_map.json", "spiece.model", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
        "vocab.json", "vocab.txt",
    ]

    /// Whether sentence-transformers keeps a file of that name beside the model's own.
    private static func isOfSentences(_ name: String) -> Bool {
        name.wholeMatch(of: /modules\.json|config_sentence_transformers\.json|sentence_[\w-]+_config\.json/) != nil
    }

    /// The forms of weights, the one that is taken first; each is in one file, or in those of an index.
    private static let weights = ["model.safetensors", "pytorch_model.bin"]

    /// The paths that are needed, in the order of `paths`, and the indices among them, which name further files.
    static func selected(of paths: [String]) -> (needed: [String], indices: [String]) {
        let all = Set(paths)
        var needed: Set<String> = []
        var indices: Set<String> = []
        for path in paths {
            guard let (folder, name) = split(path) else { continue }
            if names.contains(name) || (folder.isEmpty && isOfSentences(name)) {
                needed.insert(path)
            }
            guard weights.contains(where: { name == $0 || name == "\($0).index.json" }) else { continue }
            // The first that is there, in one file or with an index.
            let form = weights.lazy.flatMap { ["\(folder)\($0)", "\(folder)\($0).index.json"] }.first(
                where: all.contains)
            guard path == form else { continue }
            needed.insert(path)
            if path.hasSuffix(".index.json") { indices.insert(path) }
        }
        return (paths.filter(needed.contains), paths.filter(indices.contains))
    }

    /// Whether files hold the weights of a model.
    static func hasWeights(_ paths: [String]) -> Bool {
        paths.contains { path in
            weights.contains { path.hasSuffix($0) || path.hasSuffix("\($0).index.json") }
        }
    }

    /// The files that an index names, which lie beside it.
    static func shards(_ names: some Sequence<String>, of index: String) -> [String] {
        let folder = split(index)?.folder ?? ""
        return Set(names).sorted().map { folder + $0 }
    }

    /// The folder of a path, empty or with a slash at its end, and the name; nil for a folder that is no module's, such as `1_Pooling`.
    private static func split(_ path: String) -> (folder: String, name: String)? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: return ("", parts[0])
        case 2 where parts[0].wholeMatch(of: /\d+_\w+/) != nil: return (parts[0] + "/", parts[1])
        default: return nil
        }
    }
}

import JSON

/// The letters that a published `…ForCTC` writes, and how they become text: `vocab.json` and `tokenizer_config.json` of
/// `Wav2Vec2CTCTokenizer`, with the defaults of transformers 5.24.
public struct LetterVocabulary: Sendable, Equatable {
    /// What each id stands for, mostly a letter.
    public let letters: [Int: String]
    /// Stands for no letter, between two.
    public let blank: String
    /// Stands for an id that nothing stands for.
    public let unknown: String
    /// Stands between words, and what is written for it.
    public let delimiter: String, delimiterText: String
    /// Whether text is written in small letters.
    public let lowercases: Bool
    /// Whether blanks before punctuation are taken away.
    public let cleansUp: Bool

    /// The classes of tokenizers that are read.
    private static let classes = ["Wav2Vec2CTCTokenizer", "Wav2Vec2Tokenizer"]

    /// Reads the files of a folder. The error lists all that is wrong with them.
    public init(_ folder: Checkpoint) throws(CheckpointError) {
        var files = PublishedFiles(folder)
        var reader =
            files.reader("tokenizer_config.json")
            ?? ConfigurationReader(file: "tokenizer_config.json", JSONCursor(.object(JSONObject())))
        if reader.isPresent("tokenizer_class") { _ = reader.string("tokenizer_class", oneOf: Self.classes) }
        func token(_ key: String, orElse standard: String) -> String {
            // Older files describe a token by an object.
            if reader.isPresent(key), !reader.isString(key) { return reader.object(key) { $0.string("content") } }
            return reader.isPresent(key) ? reader.string(key) : standard
        }
        blank = token("pad_token", orElse: "<pad>")
        unknown = token("unk_token", orElse: "<unk>")
        let others = [token("bos_token", orElse: "<s>"), token("eos_token", orElse: "</s>")]
        delimiter = token("word_delimiter_token", orElse: "|")
        delimiterText = token("replace_word_delimiter_char", orElse: " ")
        lowercases = reader.boolean("do_lower_case", orElse: false)
        cleansUp = reader.boolean("clean_up_tokenization_spaces", orElse: false)
        let language = reader.isPresent("target_lang") ? reader.string("target_lang") : nil
        var letters: [Int: String] = [:]
        if var vocabulary = files.reader("vocab.json", isRequired: true) {
            if let language {
                vocabulary.object(language) { letters = $0.ids() }
            } else {
                letters = vocabulary.ids()
            }
            files.problems += vocabulary.problems
        }
        if reader.isPresent("added_tokens_decoder") {
            for (id, content) in reader.objects("added_tokens_decoder", { _, token in token.string("content") }) {
                if let id = Int(id) { letters[id] = letters[id] ?? content }
            }
        }
        if var added = files.reader("added_tokens.json") {
            letters.merge(added.ids()) { known, _ in known }
            files.problems += added.problems
        }
        // Special tokens that no file has get the next ids.
        for special in others + [unknown, blank] where !letters.values.contains(special) {
            letters[(letters.keys.max() ?? -1) + 1] = special
        }
        self.letters = letters
        files.problems += reader.problems
        guard files.problems.isEmpty else {
            throw CheckpointError(directory: folder.directory, problems: files.problems)
        }
    }
}

extension ConfigurationReader {
    /// An object's keys by their values, which are ids.
    fileprivate mutating func ids() -> [Int: String] {
        var letters: [Int: String] = [:]
        for key in keys { letters[integer(key, in: 0...10_000_000)] = key }
        return letters
    }
}

import JSON

/// How a published Whisper generates: what `generation_config.json` says, or without that file `config.json`.
public struct WhisperGeneration: Sendable, Equatable {
    /// The tokens by which a sequence begins and ends.
    public let special: WhisperSpecialTokens
    /// Tokens that are never written, and those that are not written first.
    public let suppressed: [Int], suppressedFirst: [Int]
    /// Tokens of languages by their codes, such as "de"; empty for a model of English alone.
    public let languages: [String: Int]
    /// The tokens of what is to be done: "transcribe", "translate".
    public let tasks: [String: Int]
    /// Whether the model knows several languages; nil where nothing says so.
    public let isMultilingual: Bool?
    /// The prompt behind the begin where a request names neither language nor task: nil stands for the language that is heard.
    public let forced: [Int?]
    /// The language and the task where a request names none.
    public let language: String?, task: String?
    /// The most tokens of a sequence, before the prompt is counted in: see ``Transcript``.
    public let maxLength: Int
    /// A window's first time stamp is at most so many steps behind its begin; nil: any.
    public let maxInitialTimestamp: Int?
    /// The attention heads by which words are aligned with the sound, as layer and head; nil where there are none.
    public let alignmentHeads: [Alignment]?

    /// A head of the decoder's attention to the sound.
    public struct Alignment: Sendable, Equatable {
        /// Its layer and its number there.
        public let layer: Int, head: Int
    }

    /// Whether languages and tasks can be asked for.
    public var knowsLanguages: Bool { isMultilingual ?? !languages.isEmpty }

    /// - Parameters:
    ///   - begin: what is not written first where the file does not say.
    init(
        _ reader: inout ConfigurationReader, _ special: WhisperSpecialTokens, _ decoder: WhisperConfiguration.Decoder,
        begin: [Int]
    ) {
        let ids = 0...decoder.vocabularySize - 1
        self.special = special
        suppressed = reader.isPresent("suppress_tokens") ? reader.integers("suppress_tokens", in: ids) : []
        suppressedFirst =
            reader.isPresent("begin_suppress_tokens") ? reader.integers("begin_suppress_tokens", in: ids) : begin
        languages = Dictionary(
            reader.tokens("lang_to_id", in: ids).map { (String($0.dropFirst(2).dropLast(2)), $1) },
            uniquingKeysWith: { first, _ in first })
        tasks = Dictionary(reader.tokens("task_to_id", in: ids), uniquingKeysWith: { first, _ in first })
        isMultilingual = reader.isPresent("is_multilingual") ? reader.boolean("is_multilingual") : nil
        forced = reader.forcedTokens("forced_decoder_ids", in: ids)
        language = reader.isPresent("language") ? reader.string("language") : nil
        task = reader.isPresent("task") ? reader.string("task") : nil
        // 20 is what transformers takes for it.
        maxLength = reader.integer("max_length", in: 1...1_000_000, orElse: 20)
        maxInitialTimestamp =
            reader.isPresent("max_initial_timestamp_index")
            ? reader.integer("max_initial_timestamp_index", in: 0...100_000) : nil
        alignmentHeads = reader.alignmentHeads("alignment_heads", layers: decoder.layers, heads: decoder.attentionHeads)
        if !ids.contains(special.start) {
            reader.refuse(
                "decoder_start_token_id", "\(special.start)", supported: ["ids below \(decoder.vocabularySize)"])
        }
        if let token = special.noTimestamps, !ids.contains(token) || token == 0 {
            reader.refuse("no_timestamps_token_id", "\(token)", supported: ["ids below \(decoder.vocabularySize)"])
        }
    }
}

/// The tokens by which sequences of a Whisper begin and end.
public struct WhisperSpecialTokens: Sendable, Equatable {
    /// Begins a sequence.
    public private(set) var start: Int
    /// Ends it.
    public private(set) var end: Int
    /// Says in a prompt that no time stamps are wanted. Those are the ids behind it; the one before it stands for no speech.
    /// Nil for a model without them.
    public private(set) var noTimestamps: Int?

    /// The id of time stamp 0.
    public var firstTimestamp: Int? { noTimestamps.map { $0 + 1 } }
    /// Says of a window that nobody speaks.
    public var noSpeech: Int? { noTimestamps.map { $0 - 1 } }

    init(config reader: inout ConfigurationReader) {
        start = reader.integer("decoder_start_token_id", in: 0...10_000_000, orElse: 50_257)
        end = reader.token("eos_token_id") ?? 50_256
        noTimestamps = reader.token("no_timestamps_token_id")
    }

    /// What `generation_config.json` says of them.
    mutating func read(_ reader: inout ConfigurationReader) {
        start = reader.token("decoder_start_token_id") ?? start
        end = reader.token("eos_token_id") ?? end
        noTimestamps = reader.token("no_timestamps_token_id") ?? noTimestamps
    }
}

extension ConfigurationReader {
    /// An id, nil where there is none. Of several the first.
    fileprivate mutating func token(_ key: String) -> Int? {
        guard isPresent(key) else { return nil }
        return read(key, orElse: nil) { cursor throws(JSONError) in
            if case .array = cursor.value { return try cursor.integers(in: 0...10_000_000).first }
            return try cursor.integer(in: 0...10_000_000)
        }
    }

    /// Ids by names.
    fileprivate mutating func tokens(_ key: String, in range: ClosedRange<Int>) -> [(String, Int)] {
        guard isPresent(key) else { return [] }
        return object(key) { members in members.keys.map { ($0, members.integer($0, in: range)) } }
    }

    /// Pairs of a place and a token or null, of which those count that stand at the places 1, 2 and so on.
    fileprivate mutating func forcedTokens(_ key: String, in range: ClosedRange<Int>) -> [Int?] {
        guard isPresent(key) else { return [] }
        return read(key, orElse: []) { cursor throws(JSONError) in
            var tokens: [Int?] = []
            for element in try cursor.elements() {
                let pair = try element.elements()
                guard pair.count == 2 else { throw element.unexpected("a place and a token") }
                let place = try pair[0].integer()
                if tokens.isEmpty, place != 1 { return [] }
                guard place == tokens.count + 1 else { throw element.unexpected("the place \(tokens.count + 1)") }
                if case .null = pair[1].value {
                    tokens.append(nil)
                } else {
                    tokens.append(try pair[1].integer(in: range))
                }
            }
            return tokens
        }
    }

    fileprivate mutating func alignmentHeads(_ key: String, layers: Int, heads: Int) -> [WhisperGeneration.Alignment]? {
        guard isPresent(key) else { return nil }
        return read(key, orElse: nil) { cursor throws(JSONError) in
            var found: [WhisperGeneration.Alignment] = []
            for element in try cursor.elements() {
                let pair = try element.elements()
                guard pair.count == 2 else { throw element.unexpected("a layer and a head") }
                found.append(
                    WhisperGeneration.Alignment(
                        layer: try pair[0].integer(in: 0...layers - 1), head: try pair[1].integer(in: 0...heads - 1)))
            }
            return found.isEmpty ? nil : found
        }
    }
}

import JSON

/// How a published checkpoint writes text where a request does not say otherwise: its `generation_config.json`, or what saves from
/// before that file keep of it in `config.json`. Defaults are those of transformers' `GenerationConfig`.
public struct GenerationConfiguration: Sendable, Equatable {
    /// Width of the beam search; 1 is greedy.
    public var beams = 1
    /// Whether tokens are drawn.
    public var samples = false
    /// Divides the logits where tokens are drawn.
    public var temperature = 1.0
    /// Only so many of the likeliest tokens are drawn; 0: any.
    public var topK = 50
    /// Only the likeliest tokens that together hold this much probability are drawn.
    public var topP = 1.0
    /// Only tokens at least this likely are drawn, as a share of the likeliest one's probability.
    public var minP = 0.0
    /// Most tokens behind the prompt; nil where ``maxLength`` bounds them.
    public var maxNewTokens: Int?
    /// Most tokens with the prompt; nil where the file does not say.
    public var maxLength: Int?
    /// What may be written, and what may not.
    public var rules = Rules()
    /// The power of the length by which a beam's log-probability is divided.
    public var lengthPenalty = 1.0
    /// When a beam search stops.
    public var earlyStopping = EarlyStopping.unlikelyToImprove
    /// The tokens that end a text; empty where the file does not say.
    public var endTokens: [Int] = []

    /// When a beam search stops.
    public enum EarlyStopping: Sendable, Equatable {
        /// Once there are as many texts as beams: `true`.
        case asSoonAsEnough
        /// Once the best beam would not improve on them at its present length: `false`.
        case unlikelyToImprove
        /// Once no beam can improve on them at any length: `"never"`.
        case impossibleToImprove
    }

    /// Which tokens may follow.
    public struct Rules: Sendable, Equatable {
        /// Divides the logits of tokens that are there already (or multiplies negative ones); 1: no penalty (Keskar et al. 2019).
        public var repetitionPenalty: Float = 1
        /// So many tokens in a row occur once only; 0: any.
        public var noRepeatNGram = 0
        /// Sequences that do not occur.
        public var badWords: [[Int]] = []
        /// The end is not written before the text, prompt included, has so many tokens.
        public var minLength = 0
        /// The end is not written before so many tokens behind the prompt.
        public var minNewTokens = 0
        /// What is written behind a prompt of one token, and what is written last.
        public var forcedFirst: Int?, forcedLast: [Int] = []
        /// Tokens that are never written, and those that are not written first.
        public var suppressed: [Int] = [], suppressedFirst: [Int] = []

        /// No rules.
        public init() {}

        /// Whether anything may follow anything.
        public var isEmpty: Bool { self == Rules() }
    }

    /// The defaults.
    public init() {}

    /// The keys of what this build does not do, each with the value at which it does nothing.
    private static let unsupported: [(key: String, idle: Double)] = [
        ("guidance_scale", 1), ("encoder_repetition_penalty", 1), ("encoder_no_repeat_ngram_size", 0),
        ("num_beam_groups", 1), ("diversity_penalty", 0), ("penalty_alpha", 0), ("typical_p", 1),
        ("epsilon_cutoff", 0), ("eta_cutoff", 0), ("top_h", 1),
    ]

    /// - Parameters:
    ///   - reader: of the object that has the values.
    ///   - vocabulary: the number of tokens.
    init(_ reader: inout ConfigurationReader, vocabulary: Int) {
        let ids = 0...max(1, vocabulary) - 1
        let lengths = 0...10_000_000
        beams = reader.integer("num_beams", in: 1...64, orElse: 1)
        samples = reader.boolean("do_sample", orElse: false)
        temperature = Double(reader.number("temperature", orElse: 1))
        topK = reader.integer("top_k", in: 0...10_000_000, orElse: 50)
        topP = Double(reader.number("top_p", orElse: 1))
        minP = Double(reader.number("min_p", orElse: 0))
        maxNewTokens = reader.isPresent("max_new_tokens") ? reader.integer("max_new_tokens", in: 1...10_000_000) : nil
        maxLength = reader.isPresent("max_length") ? reader.integer("max_length", in: lengths) : nil
        lengthPenalty = Double(reader.number("length_penalty", orElse: 1))
        earlyStopping = reader.earlyStopping("early_stopping")
        endTokens = reader.ids("eos_token_id", in: ids)
        rules.repetitionPenalty = reader.number("repetition_penalty", orElse: 1)
        rules.noRepeatNGram = reader.integer("no_repeat_ngram_size", in: lengths, orElse: 0)
        rules.badWords = reader.sequences("bad_words_ids", in: ids).filter {
            $0.count != 1 || !endTokens.contains($0[0])
        }
        rules.minLength = reader.integer("min_length", in: lengths, orElse: 0)
        rules.minNewTokens = reader.integer("min_new_tokens", in: lengths, orElse: 0)
        rules.forcedFirst = reader.ids("forced_bos_token_id", in: ids).first
        rules.forcedLast = reader.ids("forced_eos_token_id", in: ids)
        rules.suppressed = reader.ids("suppress_tokens", in: ids)
        rules.suppressedFirst = reader.ids("begin_suppress_tokens", in: ids)
        check(&reader)
    }

    private func check(_ reader: inout ConfigurationReader) {
        if samples, temperature <= 0 {
            reader.refuse("temperature", "\(temperature)", supported: ["numbers above 0"])
        }
        if !(topP > 0 && topP <= 1) { reader.refuse("top_p", "\(topP)", supported: ["numbers above 0 and up to 1"]) }
        if !(0...1).contains(minP) { reader.refuse("min_p", "\(minP)", supported: ["numbers from 0 to 1"]) }
        if rules.repetitionPenalty <= 0 {
            reader.refuse("repetition_penalty", "\(rules.repetitionPenalty)", supported: ["numbers above 0"])
        }
        for (key, idle) in Self.unsupported where reader.isPresent(key) {
            let value = Double(reader.number(key))
            if value != idle { reader.refuse(key, "\(value)", supported: ["\(idle)"]) }
        }
        for key in ["sequence_bias", "exponential_decay_length_penalty", "watermarking_config"]
        where reader.isPresent(key) {
            reader.refuse(key, "a value", supported: ["null"])
        }
    }
}

extension GenerationConfiguration {
    /// Of a checkpoint: `generation_config.json`, or without that file the object of `config.json` that `older` names.
    /// - Parameters:
    ///   - files: which notes what is wrong.
    ///   - older: nil for the whole of `config.json`.
    init(_ files: inout PublishedFiles, older: String? = nil, vocabulary: Int) {
        if var reader = files.reader("generation_config.json") {
            self.init(&reader, vocabulary: vocabulary)
            files.problems += reader.problems
            return
        }
        // What is wrong with the file itself is said by whoever reads the rest of it.
        guard let root = try? files.folder.json("config.json") else {
            self.init()
            return
        }
        var reader = ConfigurationReader(file: "config.json", root)
        let configuration =
            older.map { key in reader.part(key) { Self(&$0, vocabulary: vocabulary) } }
            ?? Self(&reader, vocabulary: vocabulary)
        files.problems += reader.problems
        self = configuration
    }
}

extension ConfigurationReader {
    /// An id or several; empty where there is none.
    fileprivate mutating func ids(_ key: String, in range: ClosedRange<Int>) -> [Int] {
        guard isPresent(key) else { return [] }
        return read(key, orElse: []) { cursor throws(JSONError) in
            if case .array = cursor.value { return try cursor.integers(in: range) }
            return [try cursor.integer(in: range)]
        }
    }

    /// Sequences of ids, none of them empty.
    fileprivate mutating func sequences(_ key: String, in range: ClosedRange<Int>) -> [[Int]] {
        guard isPresent(key) else { return [] }
        return read(key, orElse: []) { cursor throws(JSONError) in
            var sequences: [[Int]] = []
            for element in try cursor.elements() {
                let sequence = try element.integers(in: range)
                guard !sequence.isEmpty else { throw element.unexpected("an array of at least one id") }
                sequences.append(sequence)
            }
            return sequences
        }
    }

    fileprivate mutating func earlyStopping(_ key: String) -> GenerationConfiguration.EarlyStopping {
        guard isPresent(key) else { return .unlikelyToImprove }
        if isString(key) {
            _ = string(key, oneOf: ["never"])
            return .impossibleToImprove
        }
        return boolean(key) ? .asSoonAsEnough : .unlikelyToImprove
    }
}

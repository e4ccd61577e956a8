/// What is wanted of a transcript.
public struct TranscriptionOptions: Sendable, Equatable {
    /// What is to be written.
    public enum Task: String, Sendable, CaseIterable {
        /// What is said, in its own language.
        case transcribe
        /// The same in English.
        case translate
    }

    /// What of a transcript is told when it was said.
    public enum Timestamps: String, Sendable, CaseIterable {
        /// Nothing.
        case none
        /// Its segments.
        case segment
        /// Its segments and words.
        case word
    }

    /// The language that is spoken, as a code such as "de" or a name such as "german"; nil: what is heard.
    public var language: String?
    /// What is to be written; nil: what the checkpoint says, which is mostly to transcribe.
    public var task: Task?
    /// What is told of when it was said.
    public var timestamps: Timestamps

    /// Options of those members.
    public init(language: String? = nil, task: Task? = nil, timestamps: Timestamps = .segment) {
        self.language = language
        self.task = task
        self.timestamps = timestamps
    }
}

/// What was said in a sound.
public struct Transcript: Sendable, Equatable {
    /// All of it, without white space at either end.
    public var text: String
    /// The code of the language, such as "en"; nil where nothing tells.
    public var language: String?
    /// Its segments in their order; nil where none were wanted.
    public var segments: [Piece]?
    /// Its words in their order; nil where none were wanted.
    public var words: [Piece]?

    /// A part of a transcript and when it was said.
    public struct Piece: Sendable, Equatable {
        /// The text, without white space at either end.
        public var text: String
        /// Seconds from the begin of the sound.
        public var start: Double, end: Double

        /// A piece of those members.
        public init(_ text: String, start: Double, end: Double) {
            self.text = text
            self.start = start
            self.end = end
        }
    }

    /// A transcript of those members.
    public init(text: String, language: String?, segments: [Piece]? = nil, words: [Piece]? = nil) {
        self.text = text
        self.language = language
        self.segments = segments
        self.words = words
    }
}

extension String {
    /// Without white space at either end.
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}

/// A question that asks for what is written in a picture: "what does the sign say?"
///
/// The answers of a question head are a few hundred labels and the names of things, none of which is written anywhere. What is
/// written is read, and such a question is told by its words. The rule has few of them, for what it takes wrongly for such a
/// question is answered with whatever is written in the picture (docs/decisions/0196).
public struct QuestionOfWords: Sendable, Equatable {
    /// What of the words is asked for.
    enum Wish: Sendable, Equatable {
        case all
        /// Those with digits: "what number is on the bus?"
        case number
    }

    let wish: Wish

    /// nil for a question that asks for something else.
    public init?(_ question: String) {
        let words = Self.words(of: question)
        if Self.asksForNumber(words) {
            wish = .number
        } else if Self.asksForAll(words) {
            wish = .all
        } else {
            return nil
        }
    }

    /// The answer that stands in a picture, where there is one.
    public func answer(in page: ReadPage) -> ReadAnswer? {
        var pieces: [(text: String, confidence: Float)] = page.lines.map { ($0.text, $0.confidence) }
        if wish == .number {
            pieces = pieces.compactMap { line in
                let numbers = line.text.split(whereSeparator: \.isWhitespace).filter { $0.contains(where: \.isNumber) }
                return numbers.isEmpty ? nil : (numbers.joined(separator: " "), line.confidence)
            }
        }
        let characters = pieces.reduce(0) { $0 + $1.text.count }
        guard characters > 0 else { return nil }
        let sure = pieces.reduce(Float(0)) { $0 + $1.confidence * Float($1.text.count) } / Float(characters)
        return ReadAnswer(text: pieces.map(\.text).joined(separator: " "), confidence: min(sure, 1))
    }
}

/// An answer that was read in the picture.
public struct ReadAnswer: Sendable, Equatable {
    /// What is written, in one line.
    public let text: String
    /// The mean probability of its characters, 0 to 1.
    public let confidence: Float

    /// The labels of a head with this answer before them, and their probabilities: as likely as the reader is sure, and the
    /// head's answers share the rest. It is the likeliest, since what is read is sure to more than a half.
    public func before(_ labels: [String], _ probabilities: [Float]) -> (labels: [String], probabilities: [Float]) {
        ([text] + labels, [confidence] + probabilities.map { $0 * (1 - confidence) })
    }
}

extension Confidence {
    /// How sure the reader is of an answer.
    public init(_ answer: ReadAnswer) { self.init(value: Double(answer.confidence)) }
}

// The rule
extension QuestionOfWords {
    /// What asks.
    private static let interrogatives: Set = ["what", "which"]
    private static let auxiliaries: Set = ["does", "do", "did"]
    private static let beings: Set = ["is", "are", "was", "were"]
    /// What writing does.
    private static let says: Set = ["say", "says", "saying", "read", "reads", "spell", "spells"]
    /// What was done to it.
    private static let written: Set = ["written", "printed", "spelled", "spelt", "inscribed", "engraved", "lettered"]
    private static let writing: Set = [
        "text", "texts", "word", "words", "writing", "lettering", "inscription", "letter", "letters", "slogan",
        "message", "sentence", "phrase",
    ]
    /// What of words is not the words: "what colour is the text?"
    private static let properties: Set = [
        "color", "colour", "colors", "colours", "language", "font", "kind", "type", "sort", "size", "style", "time",
        "brand", "material", "shape", "side",
    ]
    /// Who says something without writing it.
    private static let speakers: Set = [
        "he", "she", "they", "i", "we", "you", "man", "men", "woman", "women", "boy", "boys", "girl", "girls", "person",
        "people", "child", "children", "kid", "kids", "baby", "player", "players", "lady", "guy", "guys", "dog", "cat",
        "cow", "bird", "horse", "animal", "animals",
    ]
    private static let articles: Set = ["the", "this", "that", "these", "those", "a", "an", "any"]
    /// What begins that which is said of the subject: "the sign behind the man".
    private static let relations: Set = [
        "on", "in", "of", "at", "above", "below", "under", "behind", "near", "next", "by", "with", "that", "which",
        "to",
    ]
    private static let adverbs: Set = [
        "here", "there", "exactly", "about", "now", "please", "and", "inside", "outside",
    ]
    /// What words do that are asked for without being written.
    private static let otherVerbs: Set = ["describe", "describes", "rhyme", "rhymes", "mean", "means"]
    private static let openings: Set = ["please", "now", "can", "could", "would", "will", "you", "tell", "me", "us"]

    /// In small letters, without punctuation; "what's" is two words, and "man's" no man.
    private static func words(of question: String) -> [String] {
        let plain = question.lowercased().replacing("’", with: "'").replacing("what's", with: "what is")
            .replacing("'s", with: "s")
        return plain.split { !$0.isLetter && !$0.isNumber }.flatMap { word -> [String] in
            word == "whats" ? ["what", "is"] : [String(word)]
        }
    }

    private static func asksForAll(_ words: [String]) -> Bool {
        if isTold(words) { return true }
        guard let asking = words.firstIndex(where: interrogatives.contains) else { return false }
        let rest = words[(asking + 1)...]
        guard let first = rest.first, !properties.contains(first), !rest.contains(where: otherVerbs.contains) else {
            return false
        }
        return isWriting(rest) || isWritten(rest) || isSaid(rest)
    }

    /// "Read the sign", "can you read it?", "transcribe this".
    private static func isTold(_ words: [String]) -> Bool {
        guard let verb = words.first(where: { !openings.contains($0) }), words.count > 1 else { return false }
        return verb == "read" || verb == "transcribe"
    }

    /// "what word is on …?", "what are the words …?", "which letters …?"
    private static func isWriting(_ rest: ArraySlice<String>) -> Bool {
        guard let first = rest.first else { return false }
        if writing.contains(first) { return true }
        guard beings.contains(first) else { return false }
        let named = rest.dropFirst().drop { articles.contains($0) }
        return named.first.map(writing.contains) ?? false && !named.prefix(2).contains(where: properties.contains)
    }

    /// "what is written on …?", "what words are printed …?"
    private static func isWritten(_ rest: ArraySlice<String>) -> Bool {
        guard let being = rest.prefix(3).firstIndex(where: beings.contains) else { return false }
        let verb = rest[(being + 1)...].first { $0 != "being" && $0 != "there" }
        return verb.map(written.contains) ?? false
    }

    /// "what does the sign say?", "… what it says", "what is the sign saying?": unless somebody says it who does not write.
    private static func isSaid(_ rest: ArraySlice<String>) -> Bool {
        guard let verb = rest.firstIndex(where: says.contains), rest.distance(from: rest.startIndex, to: verb) <= 8
        else {
            return false
        }
        let subject = rest[..<verb]
        let isAsked = subject.contains { auxiliaries.contains($0) || beings.contains($0) }
        // "what the sign says" tells by its verb's ending; "what books to read" asks for no words.
        guard isAsked || rest[verb].hasSuffix("s") else { return false }
        // What has an object is done by somebody: "what reads a book?"
        if let next = rest[(verb + 1)...].first, !relations.contains(next), !adverbs.contains(next) { return false }
        let named = subject.drop { auxiliaries.contains($0) || beings.contains($0) || articles.contains($0) }
        let who = named.prefix { !relations.contains($0) }
        return !subject.isEmpty && !who.contains(where: speakers.contains)
    }

    /// "what number is on the bus?", "which numbers are …?", "what is the number on …?", but no "what is the number of dogs?"
    private static func asksForNumber(_ words: [String]) -> Bool {
        guard let asking = words.firstIndex(where: interrogatives.contains) else { return false }
        let rest = words[(asking + 1)...].drop { beings.contains($0) || articles.contains($0) }.prefix(3)
        guard let number = rest.firstIndex(where: { $0 == "number" || $0 == "numbers" }) else { return false }
        let next = words[(number + 1)...].first
        return next.map { ["is", "are", "on", "does", "do", "was", "were", "appears"].contains($0) } ?? false
    }
}

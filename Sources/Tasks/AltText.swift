/// One sentence about a picture for people who cannot see it, of which nothing is a guess.
///
/// What it says of people is what is worn and done: nothing in the checkpoint was trained to tell sex or age, so that "two young
/// boys" are "two people". Decision 0198.
public struct AltText: Sendable, Equatable {
    /// What is known of a picture.
    public struct Facts: Sendable {
        /// The best caption.
        public var caption: String
        /// How sure it is; nil where the model does not say.
        public var confidence: Confidence?
        /// The things that are seen, the likeliest first.
        public var things: [NamedThing]
        /// The words that stand in it; nil where none were looked for.
        public var page: ReadPage?
        /// For each face that was found how likely it is one.
        public var faces: [Float]

        /// Facts of those members.
        public init(
            caption: String, confidence: Confidence?, things: [NamedThing] = [], page: ReadPage? = nil,
            faces: [Float] = []
        ) {
            self.caption = caption
            self.confidence = confidence
            self.things = things
            self.page = page
            self.faces = faces
        }
    }

    /// How sure a caption has to be, and how likely a thing, where nothing else is asked for.
    public static let usualLeast = 0.5

    /// The sentence: a capital letter, a full stop.
    public let sentence: String
    /// How sure the least sure of what it says is; nil where the model does not say.
    public let confidence: Confidence?

    /// The sentence of what is sure; nil where nothing is.
    /// - Parameter least: how sure a caption has to be, and how likely a thing.
    public init?(_ facts: Facts, least: Double) {
        let words = Self.shortened(facts.page?.text ?? "")
        let quoted = words.isEmpty ? nil : "the words “\(words)”"
        let isSure = facts.confidence.map { $0.value >= least } ?? true
        if isSure, !facts.caption.isEmpty {
            sentence = Self.ended(Self.withoutGuesses(facts.caption) + (quoted.map { ", with \($0)" } ?? ""))
            confidence = facts.confidence
            return
        }
        let things = facts.things.filter { Double($0.likelihood) >= max(least, Self.leastThing) }.prefix(
            Self.mostThings)
        var shown = things.map { "\(Article.isAn(before: $0.name) == true ? "an" : "a") \($0.name)" }
        let faces = facts.faces.filter { Double($0) >= max(least, Self.leastFace) }
        var certainties = things.map(\.likelihood) + faces
        if !faces.isEmpty { shown.append(faces.count == 1 ? "a person" : "\(Self.number(faces.count)) people") }
        if let quoted {
            shown.append(quoted)
            certainties += facts.page?.lines.map(\.confidence) ?? []
        }
        guard let last = shown.popLast() else { return nil }
        confidence = certainties.min().map { Confidence(value: Double($0)) }
        sentence = Self.ended("a picture of " + (shown.isEmpty ? last : shown.joined(separator: ", ") + " and " + last))
    }

    private static let mostThings = 3
    /// Where the caption is not sure, the things are less right than they say: of free photos' names of 0.5 and more 13 of 32 were, and
    /// noise is a mat. From these on they are believed.
    private static let leastThing = 0.8
    /// Cats and oranges have faces of less.
    private static let leastFace = 0.9
    /// Of the words in a picture so many characters are told, to the end of a word.
    private static let mostCharacters = 120

    private static func shortened(_ words: String) -> String {
        let line = words.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard line.count > mostCharacters else { return line }
        let start = line.prefix(mostCharacters)
        return (start.lastIndex(of: " ").map { start[..<$0] } ?? start) + " …"
    }

    private static func ended(_ clause: String) -> String { clause.prefix(1).uppercased() + clause.dropFirst() + "." }

    private static func number(_ count: Int) -> String {
        let names = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
        return names.indices.contains(count - 2) ? names[count - 2] : "many"
    }
}

extension AltText {
    private static let persons: Set<Substring> = [
        "man", "woman", "boy", "girl", "lady", "guy", "gentleman", "child", "kid", "toddler", "infant",
        "teenager",
        "adult", "male", "female", "mother", "father", "grandmother", "grandfather", "daughter", "son", "brother",
        "sister",
        "girlfriend", "boyfriend", "husband", "wife",
    ]
    private static let people: Set<Substring> = [
        "men", "women", "boys", "girls", "ladies", "guys", "gentlemen", "children", "kids", "babies", "toddlers",
        "infants",
        "teenagers", "adults", "males", "females", "mothers", "fathers", "daughters", "sons", "brothers", "sisters",
    ]
    /// Said of people before what they are called.
    private static let ages: Set<Substring> = [
        "young", "old", "older", "elderly", "little", "small", "middle-aged", "teenage", "adult", "male", "female",
        "baby",
    ]
    private static let pronouns: [Substring: Substring] = [
        "his": "their", "her": "their", "hers": "theirs", "he": "they", "she": "they", "him": "them",
        "himself": "themselves",
        "herself": "themselves",
    ]

    /// A caption without sexes and ages: "a young boy and his dog" is "a person and their dog".
    static func withoutGuesses(_ caption: String) -> String {
        let words = caption.split(separator: " ")
        var said: [Substring] = []
        for (index, word) in words.enumerated() {
            let following = words[(index + 1)...].first { !ages.contains($0) }
            if ages.contains(word), let following, persons.contains(following) || people.contains(following) {
                continue
            }
            if word == "baby", isPerson(before: words.dropFirst(index + 1).first) {
                said.append("person")
                continue
            }
            said.append(persons.contains(word) ? "person" : people.contains(word) ? "people" : pronouns[word] ?? word)
        }
        return agreeing(together(said)).joined(separator: " ")
    }

    /// Articles as the words behind them want them, of which some are others now.
    private static func agreeing(_ words: [Substring]) -> [Substring] {
        words.enumerated().map { place, word in
            guard word == "a" || word == "an", place + 1 < words.count,
                let isAn = Article.isAn(before: words[place + 1])
            else { return word }
            return isAn ? "an" : "a"
        }
    }

    /// Whether "baby" before a word is somebody: a baby elephant is none.
    private static func isPerson(before word: Substring?) -> Bool {
        guard let word else { return true }
        return word.hasSuffix("ing") || ["is", "in", "on", "with", "and", "at", "that", "to", "by"].contains(word)
    }

    /// "a man and a woman" were two, and are "two people".
    private static func together(_ words: [Substring]) -> [Substring] {
        var said: [Substring] = []
        var rest = words[...]
        while let word = rest.first {
            let five = rest.prefix(5)
            if five.count == 5, five.first == "a" || five.first == "an",
                five.dropFirst().elementsEqual(["person", "and", "a", "person"])
            {
                said += ["two", "people"]
                rest = rest.dropFirst(5)
                if rest.first == "is" { rest = ["are"] + rest.dropFirst() }
            } else {
                said.append(word)
                rest = rest.dropFirst()
            }
        }
        return said
    }
}

/// A thing that was seen in a picture, by its everyday name.
public struct NamedThing: Sendable, Equatable {
    /// The name, such as "lion".
    public let name: String
    /// How likely it is there, 0 to 1.
    public let likelihood: Float

    /// A thing of that name.
    public init(name: String, likelihood: Float) {
        self.name = name
        self.likelihood = likelihood
    }
}

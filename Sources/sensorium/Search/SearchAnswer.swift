import JSON
import Terminal

/// What `/v1/retrieve` answers, as far as people are shown it.
struct SearchAnswer {
    /// One hit.
    struct Hit {
        let id: String
        let kind: String
        let score: Double
        /// The cosine of each key by itself, by its name.
        let scores: [String: Double]
        /// The path of the file below the folder that was indexed; nil for an item that came another way.
        let path: String?
        let concept: Concept?
    }

    /// A phrase, and how near it is.
    struct Concept {
        let phrase: String
        let score: Double

        init(_ cursor: JSONCursor) throws(JSONError) {
            phrase = try cursor.member("phrase").string()
            score = try cursor.member("score").number()
        }

        /// `waves on a beach 0.41`
        var text: String { "\(phrase) \(score.text(decimals: 2))" }
    }

    let hits: [Hit]
    /// The nearest phrase of each key, in the order of `keys`.
    private let explained: [(key: String, concept: Concept)]
    /// What an image was taken for; nil without one.
    private let view: String?
    private static let keys = ["text", "image", "audio"]

    init(_ json: JSONValue) throws(JSONError) {
        let answer = JSONCursor(json)
        var hits: [Hit] = []
        for hit in try answer.member("hits").elements() { hits.append(try Hit(hit)) }
        self.hits = hits
        let phrases = try answer.optionalMember("explanation")?.optionalMember("keys")
        var explained: [(String, Concept)] = []
        for key in Self.keys {
            if let phrase = try phrases?.optionalMember(key) { explained.append((key, try Concept(phrase))) }
        }
        self.explained = explained
        view = try answer.optionalMember("inputs")?.optionalMember("image")?.optionalMember("view")?.string()
    }

    /// Rank, score, the score of each key where there are several, kind, concept where there is one, and last the path or id.
    var table: TextTable {
        let present = Self.keys.filter { key in hits.contains { $0.scores[key] != nil } }
        let keys = present.count > 1 ? present : []
        let hasConcepts = hits.contains { $0.concept != nil }
        var table = TextTable(
            [.init("", alignsRight: true), .init("score", alignsRight: true)]
                + keys.map { .init($0, alignsRight: true) } + [.init("kind")] + (hasConcepts ? [.init("near")] : [])
                + [.init("item")])
        for (number, hit) in hits.enumerated() {
            let scores = keys.map { hit.scores[$0].map(Self.score) ?? "" }
            table.add(
                [String(number + 1), Self.score(hit.score)] + scores + [hit.kind]
                    + (hasConcepts ? [hit.concept?.text ?? ""] : []) + [hit.path ?? hit.id])
        }
        return table
    }

    /// What the keys were taken for: `image, a sketch: near "a dog runs 0.41"`.
    var keyLines: [String] {
        let view = view.map { ", a \($0)" } ?? ""
        if explained.isEmpty { return view.isEmpty ? [] : ["image\(view)".withoutControls] }
        return explained.map { key, concept in
            "\(key)\(key == "image" ? view : ""): near \"\(concept.text)\"".withoutControls
        }
    }

    private static func score(_ score: Double) -> String { score.text(decimals: 4) }
}

extension SearchAnswer.Hit {
    init(_ cursor: JSONCursor) throws(JSONError) {
        id = try cursor.member("id").string()
        kind = try cursor.member("kind").string()
        score = try cursor.member("score").number()
        var scores: [String: Double] = [:]
        if let given = try cursor.optionalMember("scores") {
            for key in try given.object().keys { scores[key] = try given.member(key).number() }
        }
        self.scores = scores
        if case .object(let metadata)? = try cursor.optionalMember("metadata")?.value,
            case .string(let path)? = metadata["path"]
        {
            self.path = path
        } else {
            path = nil
        }
        concept = try cursor.optionalMember("concept").map { cursor throws(JSONError) in try .init(cursor) }
    }
}

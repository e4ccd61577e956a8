import JSON
import Retrieval
import Tasks

/// What is nearest to a query, and why.
struct RetrieveAnswer: Sendable {
    /// The collection that was searched; nil where candidates were ranked.
    let collection: String?
    /// Best first.
    private(set) var hits: [Hit]
    /// The phrase nearest to each part of the query; nil where no explanation was asked for.
    private var keys: [(part: String, concept: Concept)]?

    /// Something that is near.
    struct Hit: Sendable {
        let id: String
        let score: Double
        /// Of length 1; empty where nothing below needs it.
        let vector: [Float]
        /// The item; nil for a candidate.
        let item: ItemSummary?
        /// How near it is to each part of the query alone.
        fileprivate(set) var scores: [(part: String, score: Double)] = []
        /// The phrase nearest to it.
        fileprivate(set) var concept: Concept?

        init(id: String, score: Double, vector: [Float], item: ItemSummary?) {
            self.id = id
            self.score = score
            self.vector = vector
            self.item = item
        }
    }

    init(collection: String?, hits: [Hit]) {
        self.collection = collection
        self.hits = hits
    }

    /// Says how near each hit is to each part of the query alone.
    mutating func score(by keys: [(part: String, vector: [Float])]) {
        for index in hits.indices {
            // One part alone is the query: the same number, to its last digit.
            hits[index].scores = keys.map { part, vector in
                (part, keys.count == 1 ? hits[index].score : cosine(vector, hits[index].vector))
            }
        }
    }

    /// Says which phrases are nearest to the hits, and to the query's parts. Throws a `Problem` where the vectors are not of the
    /// model's space.
    mutating func explain(_ taken: VectorIntake.Taken, _ engine: any Engine) async throws {
        let query = taken.keys.isEmpty ? [("embedding", try Item.unit(taken.vector))] : taken.keys
        let dimensions = engine.card.space?.dimensions ?? 0
        guard taken.vector.count == dimensions else {
            throw Problem(
                .invalidFeatures,
                "The vectors compared here have \(taken.vector.count) elements and those of the model \(dimensions); leave "
                    + "\"explain\" out.", members: ["part": .string("embedding")])
        }
        keys = zip(query, engine.concepts(nearest: query.map(\.1))).map { ($0.0, $1) }
        for start in stride(from: 0, to: hits.count, by: Self.explainedAtOnce) {
            let some = start..<min(start + Self.explainedAtOnce, hits.count)
            let concepts = engine.concepts(nearest: hits[some].map(\.vector))
            for (index, concept) in zip(some, concepts) { hits[index].concept = concept }
            // All requests share one thread: others go on between.
            await Task.yield()
        }
    }

    /// Hits whose phrases are looked for before others have their turn: about a millisecond's work with a thousand phrases.
    private static let explainedAtOnce = 50

    /// Writes `collection`, `hits` and `explanation`.
    func write(to json: inout JSONWriter) throws(JSONError) {
        if let collection { json.field("collection", collection) }
        try json.field("hits") { json throws(JSONError) in
            try json.array { json throws(JSONError) in
                for hit in hits { try json.object { json throws(JSONError) in try hit.write(to: &json) } }
            }
        }
        guard let keys else { return }
        try json.field("explanation") { json throws(JSONError) in
            try json.object { json throws(JSONError) in
                try json.field("keys") { json throws(JSONError) in
                    try json.object { json throws(JSONError) in
                        for (part, concept) in keys { try concept.write(part, to: &json) }
                    }
                }
            }
        }
    }
}

extension RetrieveAnswer.Hit {
    fileprivate func write(to json: inout JSONWriter) throws(JSONError) {
        json.field("id", id)
        try json.field("score", score)
        if !scores.isEmpty {
            try json.field("scores") { json throws(JSONError) in
                try json.object { json throws(JSONError) in
                    for (part, score) in scores { try json.field(part, score) }
                }
            }
        }
        try concept?.write("concept", to: &json)
        if let item {
            json.field("kind", item.kind.rawValue)
            json.field("metadata") { $0.exact(.object(item.metadata)) }
        }
    }
}

extension Concept {
    fileprivate func write(_ name: String, to json: inout JSONWriter) throws(JSONError) {
        try json.field(name) { json throws(JSONError) in
            try json.object { json throws(JSONError) in
                json.field("phrase", phrase)
                try json.field("score", Double(score))
            }
        }
    }
}

/// The cosine of the angle between two vectors of length 1.
func cosine(_ a: [Float], _ b: [Float]) -> Double {
    var sum = 0.0
    for (x, y) in zip(a, b) { sum += Double(x) * Double(y) }
    return sum
}

import HTTP
import JSON
import Retrieval

/// `POST /v1/retrieve`: the items of a collection, or candidates sent along, that are nearest to a query.
struct RetrieveRoute: CollectionRoute {
    static let collection = InputOption.text("collection", maxBytes: CollectionName.maxBytes)
    static let top = InputOption.integer("top", in: 1...1000, standard: 10)
    static let view = InputOption.choice("view", among: ["auto", "photo", "sketch"])
    static let weight = InputOption.number("weight", in: 0...1)
    static let explain = InputOption.boolean("explain", standard: false)

    let rules = InputRules(
        parts: VectorIntake.parts + [.init(name: "candidate", kind: .candidate), .init(name: "filter", kind: .object)],
        options: [
            Self.collection.rule, Self.top.rule, Self.view.rule, Self.weight.rule, Self.explain.rule,
            ModelChoice.option.rule,
        ])
    let store: CollectionStore?
    let vectors: VectorIntake
    let metrics: Metrics

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try Self.refuseUnavailable(inputs)
        let filter = try inputs.object("filter").map { MetadataFilter($0) }
        switch (inputs[Self.collection], inputs.candidates.isEmpty) {
        case (let name?, true): return .whole(try await search(name, filter, request, inputs, engine))
        case (nil, false):
            guard filter == nil else {
                throw Problem(
                    .unexpectedPart, "Candidates have no metadata that a filter could look at; leave \"filter\" out.",
                    members: ["part": .string("filter")])
            }
            return .whole(try await rank(request, inputs, engine))
        case (nil, true):
            throw Problem(
                .missingPart, "There is nothing to search; name a \"collection\", or send parts \"candidate\".",
                members: ["part": .string("candidate")])
        case (_?, false):
            throw Problem(
                .unexpectedPart,
                "Either a \"collection\" is searched or \"candidate\" parts are ranked; send one of them.",
                members: ["part": .string("candidate")])
        }
    }

    private static func refuseUnavailable(_ inputs: RequestInputs) throws(Problem) {
        let given = [
            inputs[view] == "auto" ? nil : "view", inputs[weight].map { _ in "weight" },
            inputs[explain] ? "explain" : nil,
        ]
        guard let option = given.compactMap(\.self).first else { return }
        throw Problem(
            .taskNotAvailable, "Retrieval cannot take the option \"\(option)\" yet; leave it out.",
            members: ["option": .string(option)])
    }

    // MARK: A collection

    private func search(
        _ name: String, _ filter: MetadataFilter?, _ request: Request, _ inputs: RequestInputs, _ engine: any Engine
    ) async throws -> HTTPResponse {
        let store = try opened()
        // Before anything is computed: whether there is such a collection.
        _ = try store.collection(name)
        let taken = try await vectors.take(inputs, request, engine, into: (store, name))
        let start = ContinuousClock.now
        let hits = try await store.search(
            name, taken.vector, from: taken.source, top: inputs[Self.top], filter: filter)
        let took = start.duration(to: .now)
        return try response(taken, took, request, engine) { json throws(JSONError) in
            json.field("collection", name)
            try json.field("hits") { json throws(JSONError) in
                try json.array { json throws(JSONError) in
                    for hit in hits {
                        try json.object { json throws(JSONError) in
                            json.field("id", hit.item.id.text)
                            try json.field("score", Double(hit.score))
                            json.field("kind", hit.item.kind.rawValue)
                            json.field("metadata") { $0.exact(.object(hit.item.metadata)) }
                        }
                    }
                }
            }
        }
    }

    // MARK: Candidates

    private func rank(
        _ request: Request, _ inputs: RequestInputs, _ engine: any Engine
    ) async throws -> HTTPResponse {
        let taken = try await vectors.take(inputs, request, engine)
        let query = try Item.unit(taken.vector)
        let ranked = try await vectors.candidates(inputs, request, engine, dimension: query.count)
        let start = ContinuousClock.now
        let scores = ranked.map { Self.dot(query, $0) }
        // By score; of equal ones the first that was sent.
        let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
        let took = start.duration(to: .now)
        return try response(taken, took, request, engine) { json throws(JSONError) in
            try json.field("hits") { json throws(JSONError) in
                try json.array { json throws(JSONError) in
                    for index in order.prefix(inputs[Self.top]) {
                        try json.object { json throws(JSONError) in
                            json.field("id", String(index))
                            try json.field("score", scores[index])
                        }
                    }
                }
            }
        }
    }

    private static func dot(_ a: [Float], _ b: [Float]) -> Double {
        var sum = 0.0
        for (x, y) in zip(a, b) { sum += Double(x) * Double(y) }
        return sum
    }

    private func response(
        _ taken: VectorIntake.Taken, _ search: Duration, _ request: Request, _ engine: any Engine,
        _ body: (inout JSONWriter) throws(JSONError) -> Void
    ) throws(JSONError) -> HTTPResponse {
        var timing = taken.timing(request)
        timing.search = search
        metrics.stages("retrieve", "search").observe(search.inSeconds)
        request.record.took(timing)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: taken.understood)
        return try .json(headers: timing.headers) { json throws(JSONError) in
            try body(&json)
            try frame.write(to: &json)
        }
    }
}

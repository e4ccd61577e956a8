import HTTP
import JSON
import Retrieval
import Tasks

/// `PUT /v1/collections/{collection}/items/{item}`: answered when the item is on disk.
struct PutItem: CollectionRoute {
    let rules = InputRules(
        parts: VectorIntake.parts + [.init(name: "metadata", kind: .object)],
        options: [EmbeddingOptions.view.rule, ModelChoice.option.rule])
    let store: CollectionStore?
    let vectors: VectorIntake

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        VectorIntake.suits(card, inputs, for: request.parameters["collection"], of: store)
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        let store = try opened()
        let (name, id) = (try collection(request), try item(request))
        let metadata = try inputs.object("metadata") ?? JSONObject()
        let taken = try await vectors.take(inputs, request, engine, into: (store, name))
        let start = ContinuousClock.now
        let item = try Item(id: id, kind: taken.kind, vector: taken.vector, metadata: metadata)
        let isNew = try await store.put(item, into: name, from: taken.source)
        var timing = taken.timing
        timing.store = start.duration(to: .now)
        timing = timing.ended(request)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: taken.understood)
        var response = try HTTPResponse.json(headers: timing.headers) { json throws(JSONError) in
            json.field("collection", name)
            json.field("id", id.text)
            json.field("created", isNew)
            json.field("kind", item.kind.rawValue)
            json.field("dimensions", item.vector.count)
            try frame.write(to: &json)
        }
        response.status = isNew ? 201 : 200
        return .whole(response)
    }
}

/// `DELETE /v1/collections/{collection}/items/{item}`: answered when the removal is on disk.
struct RemoveItem: CollectionRoute {
    let rules = InputRules(parts: [], options: [])
    let store: CollectionStore?

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try await opened().remove(try item(request), from: try collection(request))
        return .whole(HTTPResponse(status: 204))
    }
}

/// `DELETE /v1/collections/{collection}`: the collection with all its items.
struct RemoveCollection: CollectionRoute {
    let rules = InputRules(parts: [], options: [])
    let store: CollectionStore?

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try await opened().removeCollection(try collection(request))
        return .whole(HTTPResponse(status: 204))
    }
}

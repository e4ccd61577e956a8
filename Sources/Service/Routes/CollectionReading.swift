import Foundation
import HTTP
import JSON
import Retrieval

/// `GET /v1/collections`
struct ListCollections: CollectionRoute {
    let rules = InputRules(parts: [], options: [])
    let store: CollectionStore?

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        let collections = try opened().collections
        return .whole(
            .written { json in
                json.field("collections") { json in
                    json.array { json in
                        for collection in collections {
                            json.object { collection.write(to: &$0, served: engine.card) }
                        }
                    }
                }
            })
    }
}

/// `GET /v1/collections/{collection}`
struct ReadCollection: CollectionRoute {
    let rules = InputRules(parts: [], options: [])
    let store: CollectionStore?

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        let collection = try opened().collection(try collection(request))
        return .whole(.written { collection.write(to: &$0, served: engine.card) })
    }
}

/// `GET /v1/collections/{collection}/items`: a page of items in the order of their ids.
struct ListItems: CollectionRoute {
    static let after = InputOption.text("after", maxBytes: ItemID.maxBytes)
    static let limit = InputOption.integer("limit", in: 1...1000, standard: 100)

    let rules = InputRules(parts: [], options: [Self.after.rule, Self.limit.rule])
    let store: CollectionStore?

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        let limit = inputs[Self.limit]
        // One more than is shown, to know whether another page follows.
        var items = try await opened().items(
            of: try collection(request), after: inputs[Self.after] ?? "", limit: limit + 1)
        let next = items.count > limit ? items[limit - 1].id.text : nil
        if next != nil { items.removeLast() }
        return .whole(
            .written { [items] json in
                json.field("items") { json in
                    json.array { json in
                        for item in items { json.object { item.write(to: &$0) } }
                    }
                }
                if let next { json.field("next", next) }
            })
    }
}

/// `GET /v1/collections/{collection}/items/{item}`: an item with its vector.
struct ReadItem: CollectionRoute {
    let rules = InputRules(parts: [], options: [])
    let store: CollectionStore?

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        let item = try await opened().item(try item(request), of: try collection(request))
        return .whole(
            try .json { json throws(JSONError) in
                ItemSummary(item).write(to: &json)
                try json.field("embedding", item.vector)
            })
    }
}

extension CollectionDescription {
    /// Writes the fields of a collection.
    fileprivate func write(to json: inout JSONWriter, served card: ModelCard) {
        json.field("name", name)
        json.field("items", items)
        json.field("dimensions", dimension)
        if let model {
            json.field("model", model.name)
            json.field("digest", model.digest)
        }
        json.field("usable", model == nil || model?.digest == card.digest)
        json.field("created", Date(timeIntervalSince1970: Double(created)).formatted(.iso8601))
    }
}

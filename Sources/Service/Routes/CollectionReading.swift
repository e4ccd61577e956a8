import HTTP
import JSON
import Retrieval
import Tasks

/// `GET /v1/collections`: a page of collections in the order of their names.
struct ListCollections: CollectionRoute {
    static let after = InputOption.text("after", maxLength: CollectionName.maxBytes)

    let rules = InputRules(parts: [], options: [Self.after.rule, PageLimit.option.rule])
    let store: CollectionStore?

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        let (store, card) = (try opened(), engine.card)
        let list = ListAnswer<CollectionDescription>(
            name: "collections", limit: inputs[PageLimit.option], key: { $0.name },
            read: { after, limit in
                let following = store.collections.drop { !after.utf8.lexicographicallyPrecedes($0.name.utf8) }
                return Array(following.prefix(min(limit, Self.piece)))
            }, write: { $1.write(to: &$0, served: card) })
        return try await list.reply(to: request, after: inputs[Self.after] ?? "")
    }

    /// Collections that are written at once.
    private static let piece = 128
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
    static let after = InputOption.text("after", maxLength: ItemID.maxBytes)

    let rules = InputRules(parts: [], options: [Self.after.rule, PageLimit.option.rule])
    let store: CollectionStore?

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        let (store, name) = (try opened(), try collection(request))
        let list = ListAnswer<ItemSummary>(
            name: "items", limit: inputs[PageLimit.option], key: { $0.id.text },
            read: { try await store.items(of: name, after: $0, limit: $1, bytes: Self.piece) },
            write: { $1.write(to: &$0) })
        return try await list.reply(to: request, after: inputs[Self.after] ?? "")
    }

    /// Bytes of metadata that are read at once.
    private static let piece = 32 << 10
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
        json.field("usable", model == nil || card.origin.isSame(as: model))
        json.field("created", LogTime.text(seconds: created))
    }
}

/// How many elements a page has.
private enum PageLimit {
    static let option = InputOption.integer("limit", in: 1...1000, standard: 100)
}

import HTTP
import JSON
import Retrieval
import Tasks

/// Everything below `/v1/collections`: items are stored, read, listed and removed. Disk and search have threads of their own.
struct CollectionRoutes: Sendable {
    /// Nil where `--data` is off.
    let store: CollectionStore?
    let media: MediaIntake

    var routes: [Route] {
        let item = "/v1/collections/{collection}/items/{item}"
        return [
            .task("GET", "/v1/collections", ListCollections(store: store)),
            .task("GET", "/v1/collections/{collection}", ReadCollection(store: store)),
            .task("DELETE", "/v1/collections/{collection}", RemoveCollection(store: store)),
            .task("GET", "/v1/collections/{collection}/items", ListItems(store: store)),
            .task("GET", item, ReadItem(store: store)),
            .task("PUT", item, PutItem(store: store, vectors: VectorIntake(media: media))),
            .task("DELETE", item, RemoveItem(store: store)),
        ]
    }
}

extension Route {
    /// A route that computes, or waits for a disk.
    fileprivate static func task(_ method: String, _ template: String, _ task: some TaskRoute) -> Route {
        Route(method: method, template: template, access: .keyed, produces: task.produces, endpoint: .task(task))
    }
}

/// A route that works on the collections.
protocol CollectionRoute: TaskRoute {
    var store: CollectionStore? { get }
}

extension CollectionRoute {
    var produces: [String] { ["application/json"] }

    /// The store, or the refusal where there is none.
    func opened() throws(Problem) -> CollectionStore {
        guard let store else {
            throw Problem(
                .taskNotAvailable,
                "This server keeps no collections (--data off); start it with --data <folder> to have them.",
                members: ["task": .string("collections")])
        }
        return store
    }

    /// The collection that the path names.
    func collection(_ request: Request) throws(Problem) -> String {
        let name = request.parameters["collection"] ?? ""
        guard CollectionName.isValid(name) else {
            throw Problem(
                .invalidOption, RetrievalError.invalidName.description, members: ["option": .string("collection")])
        }
        return name
    }

    /// The item that the path names.
    func item(_ request: Request) throws(Problem) -> ItemID {
        guard let id = ItemID(request.parameters["item"] ?? "") else {
            throw Problem(.invalidOption, RetrievalError.invalidID.description, members: ["option": .string("item")])
        }
        return id
    }
}

extension ModelCard {
    /// The model as the maker of vectors.
    var origin: ModelOrigin { ModelOrigin(name: name, digest: digest, formerDigest: formerDigest) }
}

extension ItemSummary {
    /// Writes the fields of an item.
    func write(to json: inout JSONWriter) {
        json.field("id", id.text)
        json.field("kind", kind.rawValue)
        // As it was given: not rounded.
        json.field("metadata") { $0.exact(.object(metadata)) }
    }
}

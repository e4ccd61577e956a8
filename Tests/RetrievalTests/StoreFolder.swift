import Foundation
import TemporaryFolders

@testable import Retrieval

extension TemporaryFolder {
    /// A store in the folder, loaded.
    func store(
        threads: Int = 2, limits: CollectionStore.Limits = CollectionStore.Limits()
    ) throws -> CollectionStore {
        let store = try CollectionStore(folder: path, threads: threads, limits: limits, now: { 1_700_000_000 })
        try store.load()
        return store
    }

    /// Copies the files as they are, as a kill would leave them, but for the lock.
    func copy(to other: TemporaryFolder) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where name != "lock" {
            try FileManager.default.copyItem(atPath: path + "/" + name, toPath: other.path + "/" + name)
        }
    }
}

extension CollectionStore.Limits {
    /// For folders of which there are many.
    static var withoutReserve: Self {
        var limits = Self()
        limits.reserve = 0
        return limits
    }
}

/// Everything that can be read of a store.
struct StoredContent: Equatable {
    let collections: [CollectionDescription]
    let items: [[Item]]
    let hits: [[String]]

    init(of store: CollectionStore) async throws {
        collections = store.collections
        var (items, hits): ([[Item]], [[String]]) = ([], [])
        for collection in collections {
            var found: [Item] = []
            for summary in try await store.items(of: collection.name, after: "", limit: 1000) {
                found.append(try await store.item(summary.id, of: collection.name))
            }
            items.append(found)
            let query = (0..<collection.dimension).map { Float($0 + 1) }
            hits.append(
                try await store.search(collection.name, query, from: client, top: 1000).map {
                    "\($0.item.id.text) \($0.item.metadata) \($0.score)"
                })
        }
        (self.items, self.hits) = (items, hits)
    }
}

import JSON
import Retrieval

/// Fills a folder until there is no room, removes what it stored, and stores again; says on standard output how each went.
enum FullDisk {
    static func run(_ path: String) async throws {
        let store = try CollectionStore(folder: path, threads: 1)
        try store.load()
        var stored: [ItemID] = []
        var failure: RetrievalError?
        while failure == nil, stored.count < 100_000 {
            let item = try item(stored.count)
            do throws(RetrievalError) {
                _ = try await store.put(item, into: "full", from: .client(serving: nil))
                stored.append(item.id)
            } catch {
                failure = error
            }
        }
        print("stored \(stored.count > 50), refused as full \(failure == .storageFull)")
        for id in stored.dropFirst() { try await store.remove(id, from: "full") }
        print("removed")
        let isNew = try await store.put(try item(1), into: "full", from: .client(serving: nil))
        print("stored again \(isNew)")
        try await store.removeCollection("full")
        print("left \(store.collections.count)")
        store.close()
    }

    private static func item(_ number: Int) throws -> Item {
        var metadata = JSONObject()
        _ = metadata.append("padding", .string(String(repeating: "x", count: 5000)))
        guard let id = ItemID("item-\(number)") else { throw RetrievalError.invalidID }
        return try Item(id: id, kind: .embedding, vector: [1, Float(number)], metadata: metadata)
    }
}

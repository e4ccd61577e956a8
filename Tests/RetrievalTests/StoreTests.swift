import Foundation
import JSON
import TemporaryFolders
import Testing

@testable import Retrieval

@Suite struct `A store` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `an item comes back as it was, also after the store was opened again`() async throws {
        let metadata = object([
            "title": .string("a \"dog\""), "size": .number(0.1234567890123), "tags": .array([.integer(1), .null]),
            "deep": .object(object(["yes": .boolean(true)])),
        ])
        let item = try Item(id: #require(ItemID("hünd")), kind: .image, vector: [3, 4], metadata: metadata)
        var store = try folder.store()
        #expect(try await store.put(item, into: "pets", from: client))
        for _ in 0..<2 {
            let found = try await store.item(item.id, of: "pets")
            #expect(found == item)
            #expect(found.vector == [0.6, 0.8])
            #expect(
                try store.collection("pets")
                    == CollectionDescription(name: "pets", dimension: 2, model: nil, created: 1_700_000_000, items: 1))
            store.close()
            store = try folder.reopened(store)
        }
    }

    @Test func `a second item with the same id takes the place of the first`() async throws {
        let store = try folder.store()
        #expect(try await store.put(item("a", [1, 0], ["n": .integer(1)]), into: "c", from: client))
        #expect(try await !store.put(item("a", [0, 1], kind: .text, ["n": .integer(2)]), into: "c", from: client))
        let found = try await store.item(#require(ItemID("a")), of: "c")
        #expect(found.vector == [0, 1] && found.kind == .text && found.metadata["n"] == .integer(2))
        #expect(try store.collection("c").items == 1)
        let hits = try await store.search("c", [0, 1], from: client, top: 5)
        #expect(hits.map(\.score) == [1])
    }

    @Test func `ids are told apart by their bytes`() async throws {
        let store = try folder.store()
        let composed = "\u{E9}"
        let combining = "e\u{301}"
        for id in [composed, combining, "E", "e"] {
            #expect(try await store.put(item(id, [1]), into: "c", from: client))
        }
        #expect(try store.collection("c").items == 4)
        let listed = try await store.items(of: "c", after: "", limit: 10).map(\.id.text)
        #expect(listed.map { Array($0.utf8) } == ["E", "e", combining, composed].map { Array($0.utf8) })
    }

    @Test func `a list goes on after the id where the last one ended`() async throws {
        let store = try folder.store()
        for number in 0..<25 { _ = try await store.put(item("item-\(100 + number)", [1, 2]), into: "c", from: client) }
        var seen: [String] = []
        while true {
            let page = try await store.items(of: "c", after: seen.last ?? "", limit: 10)
            if page.isEmpty { break }
            #expect(page.count <= 10)
            seen += page.map(\.id.text)
        }
        #expect(seen == (0..<25).map { "item-\(100 + $0)" })
    }

    @Test func `what was removed is gone, and may come again`() async throws {
        let store = try folder.store()
        for id in ["a", "b", "c"] { _ = try await store.put(item(id, [1, 2]), into: "c", from: client) }
        let b = try #require(ItemID("b"))
        try await store.remove(b, from: "c")
        await #expect(throws: RetrievalError.unknownItem(collection: "c")) { try await store.item(b, of: "c") }
        await #expect(throws: RetrievalError.unknownItem(collection: "c")) { try await store.remove(b, from: "c") }
        #expect(try await store.search("c", [1, 2], from: client, top: 9).map(\.item.id.text) == ["a", "c"])
        #expect(try await store.put(item("b", [1, 2]), into: "c", from: client))
        try await store.removeCollection("c")
        #expect(throws: RetrievalError.unknownCollection("c")) { try store.collection("c") }
        await #expect(throws: RetrievalError.unknownCollection("c")) { try await store.removeCollection("c") }
        // Another dimension: nothing of the old one is left.
        #expect(try await store.put(item("b", [1, 2, 3]), into: "c", from: client))
        #expect(store.collections.map(\.dimension) == [3])
    }

    @Test func `a vector that cannot be compared is refused`() async throws {
        let store = try folder.store()
        let (one, two) = (ModelOrigin(name: "one", digest: "1"), ModelOrigin(name: "two", digest: "2"))
        _ = try await store.put(item("a", [1, 2]), into: "model", from: .model(one))
        _ = try await store.put(item("a", [1, 2]), into: "own", from: client)
        func put(_ vector: [Float], into name: String, _ source: VectorSource) async -> RetrievalError? {
            do throws(RetrievalError) {
                _ = try await store.put(
                    Item(id: ItemID(stored: "b"), kind: .embedding, vector: vector, metadata: JSONObject()), into: name,
                    from: source)
                return nil
            } catch {
                return error
            }
        }
        #expect(await put([1, 2, 3], into: "own", client) == .wrongDimension(collection: "own", expected: 2, found: 3))
        #expect(
            await put([1, 2], into: "model", .model(two)) == .otherModel(collection: "model", made: one, serving: two))
        #expect(
            await put([1, 2], into: "model", .client(serving: two))
                == .otherModel(collection: "model", made: one, serving: two))
        #expect(await put([1, 2], into: "own", .model(one)) == .otherModel(collection: "own", made: nil, serving: one))
        #expect(await put([1, 2], into: "model", .client(serving: one)) == nil)
        #expect(await put([1, .nan], into: "own", client) == .notFinite(position: 1))
        #expect(await put([0, 0], into: "own", client) == .zeroVector)
        #expect(await put([], into: "own", client) == .invalidDimension(found: 0, limit: 4096))
        await #expect(throws: RetrievalError.otherModel(collection: "model", made: one, serving: two)) {
            try await store.search("model", [1, 2], from: .model(two), top: 1)
        }
        #expect("\(RetrievalError.otherModel(collection: "model", made: one, serving: two))".contains("--reembed"))
    }

    @Test func `a collection that was filled under the former digest of the same model stays in use`() async throws {
        let store = try folder.store()
        let before = ModelOrigin(name: "m", digest: "1")
        _ = try await store.put(item("a", [1, 2]), into: "c", from: .model(before))
        store.close()
        let opened = try folder.store()
        let now = ModelOrigin(name: "m", digest: "2", formerDigest: "1")
        #expect(try await opened.search("c", [1, 2], from: .model(now), top: 9).map(\.item.id.text) == ["a"])
        #expect(try await opened.put(item("b", [1, 2]), into: "c", from: .model(now)))
        #expect(try await opened.put(item("d", [1, 2]), into: "c", from: .client(serving: now)))
        #expect(opened.collections.map { $0.model?.digest } == ["1"])
        let other = ModelOrigin(name: "m", digest: "2", formerDigest: "3")
        await #expect(throws: RetrievalError.otherModel(collection: "c", made: before, serving: other)) {
            try await opened.search("c", [1, 2], from: .model(other), top: 1)
        }
        // Nor is a model the maker of what its successor filled.
        _ = try await opened.put(item("a", [1, 2]), into: "new", from: .model(now))
        await #expect(throws: RetrievalError.self) {
            try await opened.search("new", [1, 2], from: .model(before), top: 1)
        }
    }

    @Test func `huge and tiny vectors keep their direction`() throws {
        #expect(try item("a", [3e38, 0]).vector == [1, 0])
        #expect(try item("a", [0, .leastNonzeroMagnitude]).vector == [0, 1])
    }

    @Test func `metadata of 16 KiB are kept and a byte more is refused`() throws {
        let room = Item.maxMetadataBytes - #"{"a":""}"#.utf8.count
        _ = try item("a", [1], ["a": .string(String(repeating: "x", count: room))])
        #expect(throws: RetrievalError.metadataTooLarge(bytes: Item.maxMetadataBytes + 1, limit: Item.maxMetadataBytes))
        {
            try item("a", [1], ["a": .string(String(repeating: "x", count: room + 1))])
        }
    }

    @Test func `names and ids`() {
        for name in ["a", "A-1_b.c", String(repeating: "x", count: 64)] { #expect(CollectionName.isValid(name)) }
        for name in ["", ".", "..", "a b", "ä", "a/b", "a\0", String(repeating: "x", count: 65)] {
            #expect(!CollectionName.isValid(name), "\(name)")
        }
        for id in ["a", "a b", "ä.jpg", "-", String(repeating: "x", count: 256)] { #expect(ItemID(id) != nil) }
        for id in ["", ".", "..", "a/b", "a\0b", "a\nb", "\u{85}", String(repeating: "x", count: 257)] {
            #expect(ItemID(id) == nil, "\(id)")
        }
    }

    @Test func `a collection takes the place of another in one step`() async throws {
        let store = try folder.store()
        _ = try await store.put(item("old", [1]), into: "photos", from: client)
        _ = try await store.put(item("new", [1, 2]), into: "photos+new", from: client)
        #expect(store.collections.map(\.name) == ["photos"])
        try await store.replace("photos", with: "photos+new")
        #expect(store.collections.map(\.dimension) == [2])
        #expect(try await store.search("photos", [1, 2], from: client, top: 9).map(\.item.id.text) == ["new"])
        #expect(throws: RetrievalError.unknownCollection("photos+new")) { try store.collection("photos+new") }
    }

    @Test func `a folder belongs to one store at a time`() throws {
        let store = try folder.store()
        #expect(throws: RetrievalError.folderInUse(path: folder.path, owner: Int(getpid()))) {
            try CollectionStore(folder: folder.path, threads: 1)
        }
        store.close()
    }

    @Test func `folder and files are closed to other users, also those that were open before`() async throws {
        let files = [
            "", "/lock", "/manifest", "/reserve", "/collections.sqlite", "/collections.sqlite-wal",
            "/collections.sqlite-shm",
        ]
        try folder.store().close()
        for name in files { chmod(folder.path + name, 0o777) }
        let store = try folder.store()
        _ = try await store.put(item("a", [1]), into: "c", from: client)
        for name in files {
            var status = stat()
            #expect(stat(folder.path + name, &status) == 0, "\(name)")
            #expect(status.st_mode & 0o777 == (name.isEmpty ? 0o700 : 0o600), "\(name)")
        }
        store.close()
    }

    @Test func `a folder that cannot be made is named`() {
        #expect(throws: RetrievalError.self) { try CollectionStore(folder: "/dev/null/data", threads: 1) }
    }

    @Test func `a file that is no database, or of a newer program, is refused`() throws {
        try Data("no database at all, but long enough to be looked at".utf8).write(
            to: URL(filePath: folder.path + "/collections.sqlite"))
        #expect(throws: RetrievalError.self) { try CollectionStore(folder: folder.path, threads: 1) }
        let newer = try TemporaryFolder()
        try SQLiteConnection(path: newer.path + "/collections.sqlite", isWritable: true)
            .execute("PRAGMA user_version = \(Schema.version + 1)")
        #expect(throws: RetrievalError.self) { try CollectionStore(folder: newer.path, threads: 1) }
    }

    @Test func `as many collections as the limit says`() async throws {
        var limits = CollectionStore.Limits()
        limits.collections = 2
        let store = try folder.store(limits: limits)
        for name in ["a", "b"] { _ = try await store.put(item("x", [1]), into: name, from: client) }
        await #expect(throws: RetrievalError.tooManyCollections(limit: 2)) {
            try await store.put(item("x", [1]), into: "c", from: client)
        }
    }

    @Test func `a full disk refuses what does not fit and keeps what was acknowledged`() async throws {
        var limits = CollectionStore.Limits()
        limits.pages = 64
        let store = try folder.store(limits: limits)
        var stored: [String] = []
        var failure: RetrievalError?
        let padding = JSONValue.string(String(repeating: "x", count: 9000))
        for number in 0..<200 where failure == nil {
            do throws(RetrievalError) {
                let item = try Item(
                    id: ItemID(stored: "\(number)"), kind: .embedding, vector: [1, Float(number)],
                    metadata: object(["padding": padding]))
                _ = try await store.put(item, into: "c", from: client)
                stored.append("\(number)")
            } catch {
                failure = error
            }
        }
        #expect(failure == .storageFull)
        #expect(stored.count > 5)
        #expect(try store.collection("c").items == stored.count)
        // Room again: what is removed makes place.
        try await store.remove(ItemID(stored: "0"), from: "c")
        #expect(try await store.put(item("0", [1, 0], ["padding": padding]), into: "c", from: client))
        store.close()
        let again = try folder.reopened(store)
        let listed = try await again.items(of: "c", after: "", limit: 1000)
        #expect(Set(listed.map(\.id.text)) == Set(stored))
    }

    @Test func `what waits together is written together, each with its own answer`() async throws {
        let store = try folder.store()
        let answers = try await withThrowingTaskGroup(of: (Int, Bool?).self) { group in
            for number in 0..<300 {
                group.addTask {
                    let vector: [Float] = number % 10 == 9 ? [1] : [1, 2]
                    let isNew = try? await store.put(item("\(number / 2 * 2)", vector), into: "c", from: client)
                    return (number, isNew)
                }
            }
            var answers: [Int: Bool?] = [:]
            for try await (number, isNew) in group { answers.updateValue(isNew, forKey: number) }
            return answers
        }
        let fitting = try store.collection("c").dimension
        for (number, answer) in answers { #expect((answer == .some(nil)) == ((number % 10 == 9) == (fitting == 2))) }
        let created = answers.values.filter { $0 == .some(true) }.count
        #expect(try store.collection("c").items == created)
    }

    @Test func `a closed store says so`() async throws {
        let store = try folder.store()
        store.close()
        await #expect(throws: RetrievalError.closed) { try await store.put(item("a", [1]), into: "c", from: client) }
    }
}

extension TemporaryFolder {
    /// The store opened again, once the given one has let go of the folder.
    fileprivate func reopened(_ store: consuming CollectionStore) throws -> CollectionStore {
        store.close()
        return try self.store()
    }
}

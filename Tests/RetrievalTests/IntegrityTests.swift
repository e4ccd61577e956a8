import Foundation
import JSON
import TemporaryFolders
import Testing

@testable import Retrieval

@Suite struct `A damaged folder` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> String { folder.path + "/" + name }

    /// Stores ten items in "c" and one in "d".
    private func fill(killed: Bool = false) async throws {
        let live = killed ? try TemporaryFolder() : folder
        let store = try live.store(limits: .withoutReserve)
        for number in 0..<10 {
            _ = try await store.put(
                item("\(number)", [1, Float(number)], ["n": .integer(number)]), into: "c", from: client)
        }
        _ = try await store.put(item("x", [1]), into: "d", from: .model(ModelOrigin(name: "m", digest: "sha256:1")))
        if killed { try live.copy(to: folder) }
        store.close()
    }

    /// The fault for which the folder is not opened.
    private func refusal() throws -> StoreFault? {
        do throws(RetrievalError) {
            let store = try CollectionStore(folder: folder.path, threads: 1)
            try store.load()
            store.close()
        } catch {
            guard case .damagedFolder(_, let fault) = error else { throw error }
            #expect(error.description.contains("sensorium collections check --data \(folder.path)"))
            #expect(error.description.contains("sensorium collections repair --data \(folder.path)"))
            return fault
        }
        return nil
    }

    private func change(_ sql: String) throws {
        try SQLiteConnection(path: path("collections.sqlite"), isWritable: true).execute(sql)
    }

    private static let losses: [(killed: Bool, file: String, empties: Bool, reason: String)] = [
        (false, "collections.sqlite", false, "is missing"), (false, "collections.sqlite", true, "is empty"),
        (true, "collections.sqlite", false, "is missing"), (true, "collections.sqlite", true, "is empty"),
        (true, "collections.sqlite-wal", false, "is missing or empty, and with it the last 11 commits"),
        (true, "collections.sqlite-wal", true, "is missing or empty, and with it the last 11 commits"),
        (false, "manifest", false, "is missing"), (false, "manifest", true, "is empty"),
    ]

    @Test(arguments: losses)
    func `names the file that was lost or emptied`(
        loss: (killed: Bool, file: String, empties: Bool, reason: String)
    ) async throws {
        try await fill(killed: loss.killed)
        try FileManager.default.removeItem(atPath: path(loss.file))
        if loss.empties { try Data().write(to: URL(filePath: path(loss.file))) }
        let expected = StoreFault.file(path: path(loss.file), reason: loss.reason)
        #expect(try CollectionStore.check(folder: folder.path).faults == [expected])
        #expect(try refusal() == expected)
        // Refusing changed nothing; and what is left can be had.
        #expect(try refusal() == expected)
        let repair = try CollectionStore.repair(folder: folder.path)
        #expect(repair.items == (loss.file == "manifest" ? 11 : 0))
        #expect(try refusal() == nil)
        #expect(try CollectionStore.check(folder: folder.path).faults.isEmpty)
    }

    @Test func `a log that was cut short is an error, and repair keeps what it has`() async throws {
        try await fill(killed: true)
        let log = URL(filePath: path("collections.sqlite-wal"))
        let bytes = try Data(contentsOf: log)
        try bytes.prefix(bytes.count / 2).write(to: log)
        guard case .file(log.path, let reason)? = try refusal() else {
            Issue.record("the folder was opened")
            return
        }
        #expect(reason.hasPrefix("is damaged, and the last "))
        let repair = try CollectionStore.repair(folder: folder.path)
        #expect((1...10).contains(repair.items))
        #expect(try #require(repair.moved) == path("collections.sqlite.damaged"))
        #expect(FileManager.default.fileExists(atPath: path("collections.sqlite.damaged")))
        let store = try folder.store()
        #expect(store.collections.first?.items == repair.items)
        #expect(try await store.item(ItemID(stored: "0"), of: "c").metadata["n"] == .integer(0))
        store.close()
    }

    @Test(arguments: [
        "UPDATE items_1 SET metadata = '{\"n\":4}' WHERE id = '3'", "UPDATE items_1 SET kind = 'image' WHERE id = '3'",
        "UPDATE items_1 SET vector = substr(vector, 1, 4) WHERE id = '3'",
        "UPDATE items_1 SET vector = zeroblob(8) WHERE id = '3'", "UPDATE items_1 SET checksum = 7 WHERE id = '3'",
    ])
    func `names an item that is not as it was written, and repair loses that one alone`(sql: String) async throws {
        try await fill()
        try change(sql)
        let fault = StoreFault.item(collection: "c", id: "3")
        #expect(try refusal() == fault)
        #expect(try CollectionStore.check(folder: folder.path).faults == [fault])
        #expect(fault.description.contains("\"3\"") && fault.description.contains("\"c\""))
        let repair = try CollectionStore.repair(folder: folder.path)
        #expect(repair.items == 10 && repair.collections == 2)
        #expect(repair.lost == [fault, .collection("c", reason: "has 9 of 10 items left")])
        let store = try folder.store()
        #expect(store.collections.map(\.items) == [9, 1])
        #expect(store.collections.map { $0.model?.digest } == [nil, "sha256:1"])
        #expect(store.collections.map(\.created) == [1_700_000_000, 1_700_000_000])
        store.close()
    }

    @Test(arguments: [
        ("DELETE FROM items_1 WHERE id = '3'", StoreFault.collection("c", reason: "has 9 items where 10 were written")),
        ("UPDATE items_1 SET id = '33' WHERE id = '3'", .item(collection: "c", id: "33")),
        (
            "UPDATE collections SET dimension = 3 WHERE name = 'c'",
            .collection("c", reason: "is not described as it was written")
        ),
        (
            "UPDATE collections SET name = 'e' WHERE name = 'c'",
            .collection("e", reason: "is not described as it was written")
        ),
        (
            "DELETE FROM collections WHERE name = 'c'",
            .collection("number 1", reason: "is missing, though it was not removed")
        ),
        ("DELETE FROM totals WHERE key = 1", .collection("c", reason: "has no record of what it should hold")),
        (
            "UPDATE totals SET rows = 3 WHERE key = 0",
            .structure(reason: "the collections are not those that were written")
        ),
    ])
    func `notices what was lost or changed behind its back`(sql: String, fault: StoreFault) async throws {
        try await fill()
        try change(sql)
        let refused = try #require(try refusal())
        #expect(refused == fault)
        #expect(try CollectionStore.check(folder: folder.path).faults.contains(refused))
        let repair = try CollectionStore.repair(folder: folder.path)
        #expect(repair.items == (sql.contains("items_1") ? 10 : 11))
        #expect(try refusal() == nil)
    }

    @Test func `a database that another one took the place of is told by the manifest`() async throws {
        try await fill()
        let other = try TemporaryFolder()
        let store = try other.store()
        for number in 0..<11 { _ = try await store.put(item("\(number)", [1]), into: "c", from: client) }
        store.close()
        try FileManager.default.removeItem(atPath: path("collections.sqlite"))
        try FileManager.default.copyItem(atPath: other.path + "/collections.sqlite", toPath: path("collections.sqlite"))
        #expect(
            try refusal()
                == .file(path: path("collections.sqlite"), reason: "is not the one that the manifest tells of"))
    }

    @Test func `a line of the manifest that was cut short leaves the other`() async throws {
        try await fill()
        let manifest = URL(filePath: path("manifest"))
        let bytes = try Data(contentsOf: manifest)
        for damaged in [bytes.prefix(4096 + 20), Data("sens".utf8) + bytes.dropFirst(4)] {
            try damaged.write(to: manifest)
            #expect(try refusal() == nil)
        }
        try bytes.prefix(20).write(to: manifest)
        #expect(try refusal() == .file(path: manifest.path, reason: "is damaged"))
    }

    @Test func `a row that is lost while the store is open is an error, not a miss`() async throws {
        let store = try folder.store()
        for id in ["a", "b"] { _ = try await store.put(item(id, [1]), into: "c", from: client) }
        try change(
            "DELETE FROM items_1 WHERE id = 'a'; UPDATE items_1 SET metadata = '{}', kind = 'text' WHERE id = 'b'")
        for id in ["a", "b"] {
            await #expect(throws: RetrievalError.damaged(.item(collection: "c", id: id))) {
                try await store.item(ItemID(stored: id), of: "c")
            }
        }
        await #expect(throws: RetrievalError.self) { try await store.search("c", [1], from: client, top: 2) }
        await #expect(throws: RetrievalError.damaged(.item(collection: "c", id: "b"))) {
            try await store.items(of: "c", after: "", limit: 2)
        }
        await #expect(throws: RetrievalError.unknownItem(collection: "c")) {
            try await store.item(ItemID(stored: "z"), of: "c")
        }
        store.close()
    }

    @Test func `a repair that was interrupted is finished, or begun again`() async throws {
        try await fill()
        try change("DELETE FROM items_1 WHERE id = '3'")
        let before = try Data(contentsOf: URL(filePath: path("collections.sqlite")))
        try Data("half a database".utf8).write(to: URL(filePath: path("collections.sqlite.repaired")))
        #expect(try refusal() == .collection("c", reason: "has 9 items where 10 were written"))
        #expect(!FileManager.default.fileExists(atPath: path("collections.sqlite.repaired")))
        #expect(try CollectionStore.repair(folder: folder.path).items == 10)
        // As it was between the manifest and the exchange.
        try FileManager.default.moveItem(
            atPath: path("collections.sqlite"), toPath: path("collections.sqlite.repaired"))
        try before.write(to: URL(filePath: path("collections.sqlite")))
        #expect(try refusal() == nil)
        let kept = try Data(contentsOf: URL(filePath: path("collections.sqlite.damaged-2")))
        #expect(kept == before)
    }

    @Test func `a folder of the layout without checksums is written anew once`() async throws {
        let old = try SQLiteConnection(path: path("collections.sqlite"), isWritable: true)
        try old.execute(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE collections (key INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
                dimension INTEGER NOT NULL, model TEXT, digest TEXT, created INTEGER NOT NULL) STRICT;
            INSERT INTO collections VALUES (3, 'c', 2, 'm', 'sha256:1', 1234), (5, 'empty', 7, NULL, NULL, 5);
            CREATE TABLE items_3 (id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, vector BLOB NOT NULL,
                metadata TEXT NOT NULL) STRICT;
            CREATE TABLE items_5 (id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, vector BLOB NOT NULL,
                metadata TEXT NOT NULL) STRICT;
            INSERT INTO items_3 VALUES ('a', 'image', x'0000803F00000000', '{"n":0.1234567890123}');
            INSERT INTO items_3 VALUES ('b', 'text', x'000000000000803F', '{}');
            PRAGMA user_version = 1;
            """)
        let check = try CollectionStore.check(folder: folder.path)
        #expect(check.faults.isEmpty && !check.hasChecksums && check.items == 2)
        var store = try folder.store()
        #expect(
            store.notice
                == "The collections in \(folder.path) were written anew, with checksums: 2 items in 2 collections.")
        #expect(
            store.collections == [
                CollectionDescription(
                    name: "c", dimension: 2, model: ModelOrigin(name: "m", digest: "sha256:1"), created: 1234, items: 2),
                CollectionDescription(name: "empty", dimension: 7, model: nil, created: 5, items: 0),
            ])
        let found = try await store.item(ItemID(stored: "a"), of: "c")
        #expect(found.kind == .image && found.vector == [1, 0])
        #expect(found.metadata == object(["n": .number(0.1234567890123)]))
        store.close()
        store = try folder.store()
        #expect(store.notice == nil)
        store.close()
        #expect(try CollectionStore.check(folder: folder.path).hasChecksums)
    }

    @Test func `an old folder with an item that cannot have been stored is not taken over in silence`() throws {
        let old = try SQLiteConnection(path: path("collections.sqlite"), isWritable: true)
        try old.execute(
            """
            CREATE TABLE collections (key INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
                dimension INTEGER NOT NULL, model TEXT, digest TEXT, created INTEGER NOT NULL) STRICT;
            INSERT INTO collections VALUES (1, 'c', 2, NULL, NULL, 1234);
            CREATE TABLE items_1 (id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, vector BLOB NOT NULL,
                metadata TEXT NOT NULL) STRICT;
            INSERT INTO items_1 VALUES ('a', 'image', x'0000803F', '{}'), ('b', 'text', x'000000000000803F', '{}');
            PRAGMA user_version = 1;
            """)
        #expect(try refusal() == .item(collection: "c", id: "a"))
        #expect(try CollectionStore.repair(folder: folder.path).items == 1)
        #expect(try refusal() == nil)
    }
}

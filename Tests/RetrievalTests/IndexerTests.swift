import Foundation
import JSON
import Synchronization
import Testing

@testable import Retrieval

@Suite struct `Indexing a folder` {
    private let data: TemporaryFolder
    private let photos: TemporaryFolder
    private let model = ModelOrigin(name: "m", digest: "1")

    init() throws {
        data = try TemporaryFolder()
        photos = try TemporaryFolder()
    }

    private func write(_ path: String, _ text: String) throws {
        let url = URL(filePath: photos.path).appending(path: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private struct NotAPhoto: Error, Equatable {}

    /// The vector of a file is its number of bytes beside a constant; a file that says "bad" is none.
    private static func embed(_ files: [IndexedFile]) -> [Result<[Float], any Error>] {
        files.map { $0.bytes == Array("bad".utf8) ? .failure(NotAPhoto()) : .success([Float($0.bytes.count), 4]) }
    }

    /// Runs the indexer; what it did, and which paths failed.
    private func index(
        _ store: CollectionStore, _ model: ModelOrigin? = nil, remake: StoreDestination.Remake? = nil,
        takes: Set<ItemKind> = [.image, .audio]
    ) async throws -> (progress: FolderIndexer.Progress, failed: [String]) {
        let failed = Mutex<[String]>([])
        let destination = StoreDestination(
            store, collection: "c", model: model ?? self.model, remake: remake, takes: takes,
            embed: Self.embed)
        let progress = try await FolderIndexer(MediaFolder(photos.path), into: destination, batch: 2).run(
            report: { #expect($0.done <= $0.total) }, fail: { path, _ in failed.withLock { $0.append(path) } })
        return (progress, failed.withLock(\.self))
    }

    private func ids(_ store: CollectionStore) async throws -> [String] {
        try await store.items(of: "c", after: "", limit: 100).map(\.id.text)
    }

    @Test func `photos of all depths become items, other files do not`() async throws {
        for path in ["a.jpg", "sub/b.JPEG", "sub/deep/c.png", "d:e%.jpg", "notes.txt", ".hidden.jpg", "sub/x.mp4"] {
            try write(path, path)
        }
        let store = try data.store()
        let (progress, failed) = try await index(store)
        #expect(progress.stored.count == 4 && progress.total == 4 && failed.isEmpty)
        #expect(try await ids(store) == ["a.jpg", "d%3Ae%25.jpg", "sub:b.JPEG", "sub:deep:c.png"])
        let item = try await store.item(#require(ItemID("sub:deep:c.png")), of: "c")
        #expect(item.kind == .image && item.metadata["path"] == .string("sub/deep/c.png"))
        #expect(try store.collection("c").model == model)
    }

    @Test func `photos and sounds of one folder become items of their kinds`() async throws {
        for path in ["a.jpg", "a.wav", "b/song.FLAC", "b/sea.ogg", "b/c.mp3", "b/video.mp4", "b/talk.m4a"] {
            try write(path, path)
        }
        let store = try data.store()
        let (progress, failed) = try await index(store)
        #expect(progress.stored == MediaTally(photos: 1, sounds: 4) && progress.total == 5 && failed.isEmpty)
        let items = try await store.items(of: "c", after: "", limit: 100)
        #expect(items.map(\.id.text) == ["a.jpg", "a.wav", "b:c.mp3", "b:sea.ogg", "b:song.FLAC"])
        #expect(items.map(\.kind) == [.image, .audio, .audio, .audio, .audio])
        // For filters, which see metadata alone.
        #expect(items.map { $0.metadata["kind"] } == items.map { .string($0.kind.rawValue) })
        #expect(try await index(store).progress.unchanged == MediaTally(photos: 1, sounds: 4))
    }

    @Test func `sounds that the model has no place for are named, counted and left out`() async throws {
        for path in ["a.jpg", "b.wav", "c.ogg"] { try write(path, path) }
        let store = try data.store()
        let (progress, failed) = try await index(store, takes: [.image])
        #expect(progress.stored == MediaTally(photos: 1) && progress.leftOut == MediaTally(sounds: 2))
        #expect(progress.failed.count == 0 && progress.done == 3)
        #expect(failed == ["b.wav", "c.ogg"])
        #expect(try await ids(store) == ["a.jpg"])
        let error = FolderIndexer.UnknownKind(model: "m", kind: .audio)
        #expect(error.description == "Left out: the space of the model m has no place for sounds.")
    }

    @Test func `sounds that a newer model has no place for keep a collection from being made anew`() async throws {
        for path in ["a.jpg", "b.wav"] { try write(path, path) }
        let store = try data.store()
        _ = try await index(store)
        let newer = ModelOrigin(name: "m", digest: "2")
        await #expect(throws: StoreDestination.ItemsWithoutFiles.self) {
            try await index(store, newer, remake: .whole, takes: [.image])
        }
        #expect(try await ids(store) == ["a.jpg", "b.wav"])
        _ = try await index(store, newer, remake: .droppingMissing, takes: [.image])
        #expect(try await ids(store) == ["a.jpg"])
    }

    @Test func `paths that would share an id do not`() async throws {
        for path in ["a/b.jpg", "a:b.jpg", "a%3Ab.jpg", "a/b.wav", "é.jpg", "e\u{301}.jpg"] { try write(path, path) }
        let store = try data.store()
        #expect(try await index(store).progress.stored == MediaTally(photos: 5, sounds: 1))
        #expect(Set(try await ids(store).map { Array($0.utf8) }).count == 6)
    }

    @Test(arguments: [
        (MediaTally(), "nothing"), (MediaTally(photos: 1), "1 photo"), (MediaTally(sounds: 2), "2 sounds"),
        (MediaTally(photos: 2, sounds: 1), "2 photos and 1 sound"),
    ])
    func `photos and sounds are counted in words`(_ tally: MediaTally, _ words: String) {
        #expect(tally.description == words)
    }

    @Test func `a second run stores what is new or changed alone`() async throws {
        for path in ["a.jpg", "b.jpg", "c.jpg"] { try write(path, "1") }
        let store = try data.store()
        _ = try await index(store)
        try write("b.jpg", "longer")
        try write("d.jpg", "new")
        let (progress, _) = try await index(store)
        #expect(progress.stored.count == 2 && progress.unchanged.count == 2)
        #expect(try await index(store).progress.unchanged.count == 4)
    }

    @Test func `a file that is no photo is named, and the others are stored`() async throws {
        for path in ["a.jpg", "c.jpg"] { try write(path, "1") }
        try write("b.jpg", "bad")
        try write(String(repeating: "long-name/", count: 30) + "x.jpg", "1")
        let store = try data.store()
        let (progress, failed) = try await index(store)
        #expect(progress.stored.count == 2 && progress.failed.count == 2)
        #expect(failed.contains("b.jpg"))
        #expect(try await ids(store) == ["a.jpg", "c.jpg"])
    }

    @Test func `a collection of another model is added to only by making it anew`() async throws {
        for path in ["a.jpg", "b.jpg"] { try write(path, "1") }
        let store = try data.store()
        _ = try await index(store)
        let newer = ModelOrigin(name: "m", digest: "2")
        await #expect(throws: RetrievalError.otherModel(collection: "c", made: model, serving: newer)) {
            try await index(store, newer)
        }
        #expect(try await index(store, newer, remake: .whole).progress.stored.count == 2)
        #expect(try store.collection("c").model == newer)
        #expect(store.collections.count == 1)
    }

    @Test func `items without a photo are not lost unless that is asked for`() async throws {
        try write("a.jpg", "1")
        let store = try data.store()
        _ = try await index(store)
        _ = try await store.put(item("text", [1, 2], kind: .text), into: "c", from: .model(model))
        let newer = ModelOrigin(name: "m", digest: "2")
        await #expect(throws: StoreDestination.ItemsWithoutFiles.self) {
            try await index(store, newer, remake: .whole)
        }
        #expect(try await ids(store) == ["a.jpg", "text"])
        #expect(try store.collection("c").model == model)
        // What was made is still there: nothing has to be computed again.
        let (progress, _) = try await index(store, newer, remake: .droppingMissing)
        #expect(progress.unchanged.count == 1 && progress.stored.count == 0)
        #expect(try await ids(store) == ["a.jpg"])
    }

    @Test func `a remake that was begun with yet another model begins again`() async throws {
        try write("a.jpg", "1")
        let store = try data.store()
        _ = try await store.put(
            item("x", [1, 2, 3]), into: "c+reembed", from: .model(ModelOrigin(name: "m", digest: "0")))
        #expect(try await index(store, remake: .whole).progress.stored.count == 1)
        #expect(try await ids(store) == ["a.jpg"])
    }

    @Test func `a folder that is not there is refused`() {
        #expect(throws: RetrievalError.self) { try MediaFolder("/nonexistent") }
    }
}

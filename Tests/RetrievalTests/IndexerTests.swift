import Foundation
import JSON
import Synchronization
import TemporaryFolders
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
    private static func embed(_ files: [IndexedFile]) -> [Result<FileVector, any Error>] {
        files.map { file in
            if file.bytes == Array("bad".utf8) { return .failure(NotAPhoto()) }
            let isCut = file.bytes == Array("cut".utf8)
            return .success(
                FileVector(
                    [Float(file.bytes.count), 4], gaps: SoundGaps(missingSeconds: isCut ? 1.5 : 0, unreadBytes: 0)))
        }
    }

    /// Tells files by their endings.
    private static let recognition = FileRecognition(bytes: 16) { path, _ in
        switch path.ending {
        case "jpg", "jpeg", "png": .media(.image)
        case "wav", "flac", "ogg", "mp3": .media(.audio)
        case let ending: .other(".\(ending)")
        }
    }

    /// Runs the indexer; what it did, and which paths failed or were left out.
    private func index(
        _ store: CollectionStore, _ model: ModelOrigin? = nil, remake: StoreDestination.Remake? = nil,
        takes: Set<ItemKind> = [.image, .audio], dropsMissing: Bool = false, of folder: MediaFolder? = nil
    ) async throws -> (progress: IndexProgress, failed: [String]) {
        let failed = Mutex<[String]>([])
        let noted = Mutex(0)
        let destination = StoreDestination(
            store, collection: "c", model: model ?? self.model, remake: remake, takes: takes,
            embed: Self.embed)
        let indexer = FolderIndexer(
            try folder ?? MediaFolder(FileName(photos.path)), into: destination, recognition: Self.recognition,
            dropsMissing: dropsMissing, batch: 2)
        let progress = try await indexer.run(
            report: { #expect($0.done <= $0.total) },
            note: { path, outcome in
                noted.withLock { $0 += 1 }
                switch outcome {
                case .failed, .leftOut: failed.withLock { $0.append(path.text) }
                case .stored, .unchanged, .skipped: break
                }
            })
        #expect(progress.done == progress.total && noted.withLock(\.self) == progress.total)
        return (progress, failed.withLock(\.self))
    }

    /// Runs the indexer; what it reported on the way, and how many files were embedded together.
    private func watch(
        _ store: CollectionStore, batch: Int = 8, batchBytes: Int = .max
    ) async throws -> (reports: [IndexProgress], batches: [Int]) {
        let reports = Mutex<[IndexProgress]>([])
        let batches = Mutex<[Int]>([])
        let destination = StoreDestination(
            store, collection: "c", model: model, remake: nil, takes: [.image],
            embed: { files in
                batches.withLock { $0.append(files.count) }
                return Self.embed(files)
            })
        let indexer = FolderIndexer(
            try MediaFolder(FileName(photos.path)), into: destination, recognition: Self.recognition, batch: batch,
            batchBytes: batchBytes)
        _ = try await indexer.run(
            report: { state in reports.withLock { $0.append(state) } }, note: { _, _ in })
        return (reports.withLock(\.self), batches.withLock(\.self))
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
        #expect(progress.stored.count == 4 && failed.isEmpty)
        #expect(progress.skipped == [".txt": 1, ".mp4": 1])
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
        #expect(progress.stored == MediaTally(photos: 1, sounds: 4) && failed.isEmpty)
        #expect(progress.skipped == [".mp4": 1, ".m4a": 1])
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
        #expect(progress.failed.count == 0)
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
        (MediaTally(photos: 1, sounds: 1, others: 2), "1 photo, 1 sound and 2 other files"),
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

    @Test func `a sound that lacks something is stored, and counted`() async throws {
        for (path, text) in [("a.wav", "whole"), ("b.wav", "cut")] { try write(path, text) }
        let (progress, failed) = try await index(data.store())
        #expect(progress.stored == MediaTally(sounds: 2) && progress.incomplete == 1 && failed.isEmpty)
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
        let error = #expect(throws: MediaFolder.Closed.self) { try MediaFolder(FileName("/nonexistent")) }
        #expect(error?.reason == "No such file or directory")
    }

    // MARK: What is moved, gone, or cannot be read

    private func move(_ path: String, to other: String) throws {
        let base = URL(filePath: photos.path)
        let target = base.appending(path: other)
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.moveItem(at: base.appending(path: path), to: target)
    }

    @Test func `a file that was moved within the folder keeps one item, at its new place`() async throws {
        for (path, text) in [("a.jpg", "1"), ("b.jpg", "22")] { try write(path, text) }
        let store = try data.store()
        _ = try await index(store)
        try move("a.jpg", to: "2026/renamed.jpg")
        let (progress, _) = try await index(store)
        #expect(progress.moved == 1 && progress.stored.count == 1 && progress.unchanged.count == 1)
        #expect(try await ids(store) == ["2026:renamed.jpg", "b.jpg"])
    }

    @Test func `files are moved batch by batch, so that an interrupted run leaves none twice`() async throws {
        let paths = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
        for (number, path) in paths.enumerated() { try write(path, String(repeating: "x", count: 1 + number)) }
        let store = try data.store()
        _ = try await index(store)
        for path in paths { try move(path, to: "sub/" + path) }
        #expect(try await watch(store, batch: 2).reports.map(\.moved) == [2, 4, 4])
        #expect(try await ids(store) == paths.map { "sub:" + $0 })
    }

    /// Gives files the same time.
    private func setTime(_ paths: String...) throws {
        for path in paths {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)], ofItemAtPath: photos.path + "/" + path)
        }
    }

    @Test func `a file that is gone is not taken for a copy of it that was there before`() async throws {
        for path in ["a.jpg", "copy.jpg"] { try write(path, "1") }
        try setTime("a.jpg", "copy.jpg")
        let store = try data.store()
        _ = try await index(store)
        try FileManager.default.removeItem(atPath: photos.path + "/a.jpg")
        #expect(try await index(store).progress.moved == 0)
        await #expect(throws: StoreDestination.ItemsWithoutFiles.self) {
            try await index(store, ModelOrigin(name: "m", digest: "2"), remake: .whole)
        }
        #expect(try await ids(store) == ["a.jpg", "copy.jpg"])
        #expect(try await index(store, dropsMissing: true).progress.dropped == 1)
        #expect(try await ids(store) == ["copy.jpg"])
    }

    @Test func `of two copies that are gone, a file at a new place is one`() async throws {
        for path in ["a.jpg", "copy.jpg"] { try write(path, "1") }
        try setTime("a.jpg", "copy.jpg")
        let store = try data.store()
        _ = try await index(store)
        try move("a.jpg", to: "new.jpg")
        try FileManager.default.removeItem(atPath: photos.path + "/copy.jpg")
        await #expect(throws: StoreDestination.ItemsWithoutFiles.self) {
            try await index(store, ModelOrigin(name: "m", digest: "2"), remake: .whole)
        }
        #expect(try await index(store).progress.moved == 1)
        #expect(try await ids(store) == ["copy.jpg", "new.jpg"])
    }

    @Test func `a moved file does not keep a collection from being made anew`() async throws {
        try write("a.jpg", "1")
        let store = try data.store()
        _ = try await index(store)
        try move("a.jpg", to: "b.jpg")
        _ = try await index(store, ModelOrigin(name: "m", digest: "2"), remake: .whole)
        #expect(try await ids(store) == ["b.jpg"])
    }

    @Test func `items of files that are gone stay until they are dropped`() async throws {
        for (path, text) in [("a.jpg", "1"), ("b.jpg", "22")] { try write(path, text) }
        let store = try data.store()
        _ = try await index(store)
        _ = try await store.put(item("text", [1, 2], kind: .text), into: "c", from: .model(model))
        try FileManager.default.removeItem(atPath: photos.path + "/a.jpg")
        #expect(try await index(store).progress.dropped == 0)
        #expect(try await ids(store) == ["a.jpg", "b.jpg", "text"])
        #expect(try await index(store, dropsMissing: true).progress.dropped == 1)
        // What was made of no file is not missed.
        #expect(try await ids(store) == ["b.jpg", "text"])
    }

    @Test func `nothing is dropped for a folder without photos, whose disk may be missing`() async throws {
        try write("a.jpg", "1")
        let store = try data.store()
        _ = try await index(store)
        try FileManager.default.removeItem(atPath: photos.path + "/a.jpg")
        await #expect(throws: FolderIndexer.NothingToKeep.self) { try await index(store, dropsMissing: true) }
        #expect(try await ids(store) == ["a.jpg"])
    }

    /// A file that is listed and cannot be looked at, not even by root: its path is longer than the system takes.
    private final class UnreachableFile {
        private var folder: Int32
        private static let name = String(repeating: "n", count: 250)

        init(below path: String) throws {
            folder = open(path, O_RDONLY | O_DIRECTORY)
            let step = String(repeating: "d", count: 200)
            var length = path.utf8.count
            while length + 1 + step.utf8.count < 4095 {
                try #require(mkdirat(folder, step, 0o700) == 0)
                let inner = openat(folder, step, O_RDONLY | O_DIRECTORY)
                close(folder)
                folder = inner
                length += 1 + step.utf8.count
            }
            let file = openat(folder, Self.name, O_CREAT | O_WRONLY, 0o600)
            try #require(file >= 0)
            close(file)
        }

        func remove() { unlinkat(folder, Self.name, 0) }

        deinit {
            remove()
            close(folder)
        }
    }

    @Test func `what cannot be looked at is named, and keeps items from being dropped`() async throws {
        for (path, text) in [("a.jpg", "1"), ("b.jpg", "22")] { try write(path, text) }
        let store = try data.store()
        _ = try await index(store)
        try FileManager.default.removeItem(atPath: photos.path + "/b.jpg")
        let file = try UnreachableFile(below: photos.path)
        let closed = try MediaFolder(FileName(photos.path)).closed
        #expect(closed.map(\.error.description) == ["It cannot be looked at: File name too long."])
        let (progress, failed) = try await index(store, dropsMissing: true)
        #expect(progress.failed == MediaTally(others: 1) && failed == closed.map(\.path.text))
        #expect(try await ids(store) == ["a.jpg", "b.jpg"])
        file.remove()
        #expect(try await index(store, dropsMissing: true).progress.dropped == 1)
    }

    @Test func `what cannot be looked at keeps a collection from being made anew without its items`() async throws {
        for (path, text) in [("a.jpg", "1"), ("b.jpg", "22")] { try write(path, text) }
        let store = try data.store()
        _ = try await index(store)
        try FileManager.default.removeItem(atPath: photos.path + "/b.jpg")
        let file = try UnreachableFile(below: photos.path)
        let newer = ModelOrigin(name: "m", digest: "2")
        for remake in [StoreDestination.Remake.whole, .droppingMissing] {
            await #expect(throws: StoreDestination.FilesNotRead.self) {
                try await index(store, newer, remake: remake)
            }
        }
        #expect(try await ids(store) == ["a.jpg", "b.jpg"])
        #expect(try store.collection("c").model == model)
        file.remove()
        let (progress, _) = try await index(store, newer, remake: .droppingMissing)
        #expect(progress.unchanged.count == 1 && progress.stored.count == 0)
        #expect(try await ids(store) == ["a.jpg"])
    }

    @Test func `what cannot be looked at does not matter to a collection that is whole without it`() async throws {
        try write("a.jpg", "1")
        let store = try data.store()
        _ = try await index(store)
        let file = try UnreachableFile(below: photos.path)
        let newer = ModelOrigin(name: "m", digest: "2")
        _ = try await index(store, newer, remake: .whole)
        #expect(try store.collection("c").model == newer)
        file.remove()
    }

    @Test func `a file that could not be read is not missing, and one that is no photo any more is`() async throws {
        for (path, text) in [("a.jpg", "1"), ("b.jpg", "22")] { try write(path, text) }
        let store = try data.store()
        _ = try await index(store)
        let folder = try MediaFolder(FileName(photos.path))
        let path = photos.path + "/b.jpg"
        try FileManager.default.removeItem(atPath: path)
        // A link that leads to itself cannot be opened, not even by root.
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
        let newer = ModelOrigin(name: "m", digest: "2")
        await #expect(throws: StoreDestination.FilesNotRead.self) {
            try await index(store, newer, remake: .droppingMissing, of: folder)
        }
        #expect(try await ids(store) == ["a.jpg", "b.jpg"])
        try FileManager.default.removeItem(atPath: path)
        try write("b.jpg", "bad")
        let (progress, failed) = try await index(store, newer, remake: .droppingMissing)
        #expect(progress.unchanged.count == 1 && failed == ["b.jpg"])
        #expect(try await ids(store) == ["a.jpg"])
    }

    // MARK: What is read

    @Test func `large files are stored before a batch is full`() async throws {
        for path in ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"] { try write(path, "12345") }
        #expect(try await watch(data.store(), batchBytes: 10).batches == [2, 2, 1])
    }

    @Test func `a file that is too large is refused before any of it is read`() throws {
        try write("a.jpg", "1234567890")
        let descriptor = open(photos.path + "/a.jpg", O_RDONLY)
        defer { close(descriptor) }
        #expect(throws: FileName.Unreadable.self) { try FileName.contents(of: descriptor, limit: 9) }
        #expect(lseek(descriptor, 0, SEEK_CUR) == 0)
        // Of what is behind the place where the reading begins it has no more.
        lseek(descriptor, 4, SEEK_SET)
        #expect(try FileName.contents(of: descriptor, limit: 6) == Array("567890".utf8))
        lseek(descriptor, 0, SEEK_SET)
        #expect(try FileName.contents(of: descriptor, limit: 4, isBeginning: true) == Array("1234".utf8))
    }

    @Test func `files that need no storing are reported too`() async throws {
        for number in 0..<600 { try write("\(number).txt", "1") }
        #expect(try await watch(data.store()).reports.map(\.done) == [256, 512, 600])
    }

    @Test func `a name that is no UTF-8 becomes an item with an id of its own`() async throws {
        let name = Array("caf".utf8) + [0xE9] + Array(".jpg".utf8)
        let place = FileName(name).below(FileName(photos.path))
        let file = try #require(fopen(place.cString, "w"))
        #expect(fwrite("1", 1, 1, file) == 1)
        fclose(file)
        for path in ["caf%E9.jpg", "café.jpg"] { try write(path, "2") }
        let store = try data.store()
        #expect(try await index(store).progress.stored.count == 3)
        #expect(try await ids(store) == ["caf%25E9.jpg", "caf%E9.jpg", "café.jpg"])
        let item = try await store.item(#require(ItemID("caf%E9.jpg")), of: "c")
        #expect(item.metadata["path"] == .string("caf\\xE9.jpg"))
        #expect(FileName(id: "caf%E9.jpg") == FileName(name))
        #expect(try await index(store).progress.unchanged.count == 3)
    }

    @Test(arguments: ["a.jpg", "b/c.jpg", "d:e%.jpg", "é/%41.jpg"])
    func `a path comes back from the id that it gave`(_ path: String) throws {
        #expect(FileName(id: try #require(FileName(path).id).text) == FileName(path))
    }

    @Test(arguments: ["%", "%4", "%zz"]) func `an id that no path gave is none`(_ id: String) {
        #expect(FileName(id: id) == nil)
    }

    @Test func `hidden files, links and what is no file are passed over and counted`() throws {
        for path in ["a.jpg", ".hidden.jpg", ".cache/b.jpg"] { try write(path, "1") }
        let base = URL(filePath: photos.path)
        try FileManager.default.createSymbolicLink(
            at: base.appending(path: "link.jpg"), withDestinationURL: base.appending(path: "a.jpg"))
        #expect(mkfifo(photos.path + "/pipe.jpg", 0o600) == 0)
        let folder = try MediaFolder(FileName(photos.path))
        #expect(folder.files.map(\.path.text) == ["a.jpg"])
        #expect(folder.passedOver == ["hidden": 2, "link": 1, "special file": 1])
    }

    @Test func `a time that was rounded to the next millisecond is no change`() {
        let stamp = FileStamp(bytes: 5, modified: 1_700_000_000_123)
        #expect(stamp.fits(FileStamp(bytes: 5, modified: 1_700_000_000_122)))
        #expect(!stamp.fits(FileStamp(bytes: 5, modified: 1_700_000_000_121)))
        #expect(!stamp.fits(FileStamp(bytes: 6, modified: 1_700_000_000_123)))
    }

    @Test func `times that no clock shows do no harm`() {
        let (first, last) = (FileStamp(bytes: 5, modified: .min), FileStamp(bytes: 5, modified: .max))
        #expect(!first.fits(last) && !last.fits(first) && first.fits(first))
        for seconds in [Int.min, 0, .max] {
            var status = stat()
            status.st_mtim.tv_sec = seconds
            #expect(FileStamp(status).modified.signum() == seconds.signum())
        }
    }
}

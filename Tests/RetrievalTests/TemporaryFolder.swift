import Foundation

@testable import Retrieval

/// A folder that is removed with the value.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "sensorium-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A store in the folder, loaded.
    func store(
        threads: Int = 2, limits: CollectionStore.Limits = CollectionStore.Limits()
    ) throws -> CollectionStore {
        let store = try CollectionStore(folder: path, threads: threads, limits: limits, now: { 1_700_000_000 })
        try store.load()
        return store
    }
}

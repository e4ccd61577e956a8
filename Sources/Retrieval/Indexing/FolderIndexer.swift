import Foundation
import JSON

/// Where photos are put: a store of this process, or a server.
public protocol IndexDestination: Sendable {
    /// The photos that are there already, and how they were.
    func known() async throws -> [ItemID: FileStamp]
    /// Stores photos; for each, in order, what went wrong or nil.
    func store(_ photos: [IndexedPhoto]) async -> [(any Error)?]
    /// Every photo was stored, or failed.
    func finish() async throws
}

/// A photo that was read.
public struct IndexedPhoto: Sendable {
    /// The id of its item.
    public let id: ItemID
    /// The bytes of the file.
    public let bytes: [UInt8]
    /// What is kept with it.
    public let metadata: JSONObject
}

/// Puts the photos of a folder into a collection. What is there unchanged is left out, so that a run which was interrupted is
/// just started again.
public struct FolderIndexer: Sendable {
    /// How far it is.
    public struct Progress: Sendable, Equatable {
        /// Photos of the folder.
        public internal(set) var total = 0
        /// Stored in this run.
        public internal(set) var stored = 0
        /// There already, unchanged.
        public internal(set) var unchanged = 0
        /// Could not be stored.
        public internal(set) var failed = 0

        /// Photos dealt with.
        public var done: Int { stored + unchanged + failed }
    }

    /// A photo whose path no id can be made of.
    public struct UnsuitablePath: Error, CustomStringConvertible {
        /// A sentence.
        public var description: String {
            "Its path is longer than the \(ItemID.maxBytes) bytes of an id, or has control characters."
        }
    }

    private let folder: PhotoFolder
    private let destination: any IndexDestination
    private let batch: Int

    /// - Parameter batch: photos that are stored together.
    public init(_ folder: PhotoFolder, into destination: any IndexDestination, batch: Int = 8) {
        self.folder = folder
        self.destination = destination
        self.batch = max(1, batch)
    }

    /// Stores what is new or changed.
    ///
    /// - Parameters:
    ///   - report: called after each batch.
    ///   - fail: called for each photo that could not be stored; the others go on.
    /// - Throws: what ends the whole run.
    public func run(
        report: @Sendable (Progress) -> Void, fail: @Sendable (_ path: String, any Error) -> Void
    ) async throws -> Progress {
        let known = try await destination.known()
        var progress = Progress()
        progress.total = folder.photos.count
        var waiting: [(path: String, photo: IndexedPhoto)] = []
        for photo in folder.photos {
            guard let id = photo.id else {
                progress.failed += 1
                fail(photo.path, UnsuitablePath())
                continue
            }
            guard known[id] != photo.stamp else {
                progress.unchanged += 1
                continue
            }
            do {
                let bytes = [UInt8](try Data(contentsOf: photo.url))
                waiting.append((photo.path, IndexedPhoto(id: id, bytes: bytes, metadata: photo.metadata)))
            } catch {
                progress.failed += 1
                fail(photo.path, error)
            }
            if waiting.count == batch { await store(&waiting, &progress, report, fail) }
        }
        await store(&waiting, &progress, report, fail)
        try await destination.finish()
        return progress
    }

    private func store(
        _ waiting: inout [(path: String, photo: IndexedPhoto)], _ progress: inout Progress,
        _ report: (Progress) -> Void, _ fail: (String, any Error) -> Void
    ) async {
        if !waiting.isEmpty {
            for (error, (path, _)) in zip(await destination.store(waiting.map(\.photo)), waiting) {
                if let error {
                    progress.failed += 1
                    fail(path, error)
                } else {
                    progress.stored += 1
                }
            }
            waiting = []
        }
        report(progress)
    }
}

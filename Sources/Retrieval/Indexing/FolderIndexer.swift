import Foundation
import JSON

/// Where photos and sounds are put: a store of this process, or a server.
public protocol IndexDestination: Sendable {
    /// Whose model is to take the files, and which kinds it takes: `.image`, `.audio`.
    func accepted() async throws -> AcceptedKinds
    /// The files that are there already, and how they were.
    func known() async throws -> [ItemID: FileStamp]
    /// Stores files; for each, in order, what went wrong or nil.
    func store(_ files: [IndexedFile]) async -> [(any Error)?]
    /// Every file was stored, left out, or failed.
    func finish() async throws
}

/// What a model can put into a collection.
public struct AcceptedKinds: Sendable, Equatable {
    /// The name of the model.
    public let model: String
    /// `.image` and `.audio`, as far as its space has them.
    public let kinds: Set<ItemKind>

    /// The kinds that a model takes.
    public init(model: String, kinds: Set<ItemKind>) {
        self.model = model
        self.kinds = kinds
    }
}

/// A photo or sound that was read.
public struct IndexedFile: Sendable {
    /// The id of its item.
    public let id: ItemID
    /// `.image` or `.audio`.
    public let kind: ItemKind
    /// The bytes of the file.
    public let bytes: [UInt8]
    /// What is kept with it.
    public let metadata: JSONObject
}

/// Puts the photos and sounds of a folder into a collection. What is there unchanged is left alone, so that a run which was
/// interrupted is just started again.
public struct FolderIndexer: Sendable {
    /// How far it is.
    public struct Progress: Sendable, Equatable {
        /// Files of the folder.
        public internal(set) var total = 0
        /// Stored in this run.
        public internal(set) var stored = MediaTally()
        /// There already, unchanged.
        public internal(set) var unchanged = MediaTally()
        /// Of a kind that the model has no place for.
        public internal(set) var leftOut = MediaTally()
        /// Could not be stored.
        public internal(set) var failed = MediaTally()

        /// Files dealt with.
        public var done: Int { stored.count + unchanged.count + leftOut.count + failed.count }
    }

    /// A file whose path no id can be made of.
    public struct UnsuitablePath: Error, CustomStringConvertible {
        /// A sentence.
        public var description: String {
            "Its path is longer than the \(ItemID.maxBytes) bytes of an id, or has control characters."
        }
    }

    /// A file of a kind that the model has no place for.
    public struct UnknownKind: Error, CustomStringConvertible {
        let model: String
        let kind: ItemKind

        /// The model named so has no place for that kind.
        public init(model: String, kind: ItemKind) {
            self.model = model
            self.kind = kind
        }

        /// A sentence.
        public var description: String {
            "Left out: the space of the model \(model) has no place for \(kind == .audio ? "sounds" : "photos")."
        }
    }

    private let folder: MediaFolder
    private let destination: any IndexDestination
    private let batch: Int

    /// - Parameter batch: files that are stored together.
    public init(_ folder: MediaFolder, into destination: any IndexDestination, batch: Int = 8) {
        self.folder = folder
        self.destination = destination
        self.batch = max(1, batch)
    }

    /// Stores what is new or changed.
    ///
    /// - Parameters:
    ///   - report: called after each batch.
    ///   - fail: called for each file that could not be stored or was left out; the others go on.
    /// - Throws: what ends the whole run.
    public func run(
        report: @Sendable (Progress) -> Void, fail: @Sendable (_ path: String, any Error) -> Void
    ) async throws -> Progress {
        let accepted = try await destination.accepted()
        let known = try await destination.known()
        var progress = Progress()
        progress.total = folder.files.count
        var waiting: [(path: String, file: IndexedFile)] = []
        for file in folder.files {
            guard accepted.kinds.contains(file.kind) else {
                progress.leftOut.add(file.kind)
                fail(file.path, UnknownKind(model: accepted.model, kind: file.kind))
                continue
            }
            guard let id = file.id else {
                progress.failed.add(file.kind)
                fail(file.path, UnsuitablePath())
                continue
            }
            guard known[id] != file.stamp else {
                progress.unchanged.add(file.kind)
                continue
            }
            do {
                let bytes = [UInt8](try Data(contentsOf: file.url))
                waiting.append(
                    (file.path, IndexedFile(id: id, kind: file.kind, bytes: bytes, metadata: file.metadata)))
            } catch {
                progress.failed.add(file.kind)
                fail(file.path, error)
            }
            if waiting.count == batch { await store(&waiting, &progress, report, fail) }
        }
        await store(&waiting, &progress, report, fail)
        try await destination.finish()
        return progress
    }

    private func store(
        _ waiting: inout [(path: String, file: IndexedFile)], _ progress: inout Progress,
        _ report: (Progress) -> Void, _ fail: (String, any Error) -> Void
    ) async {
        if !waiting.isEmpty {
            for (error, (path, file)) in zip(await destination.store(waiting.map(\.file)), waiting) {
                if let error {
                    progress.failed.add(file.kind)
                    fail(path, error)
                } else {
                    progress.stored.add(file.kind)
                }
            }
            waiting = []
        }
        report(progress)
    }
}

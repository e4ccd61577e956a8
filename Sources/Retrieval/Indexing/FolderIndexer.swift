/// Puts the photos and sounds of a folder into a collection. What is there unchanged is left alone, so that a run which was
/// interrupted is just started again.
public struct FolderIndexer: Sendable {
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

    /// A folder without a photo or a sound, to which a collection was to be reduced.
    public struct NothingToKeep: Error, CustomStringConvertible {
        /// A sentence.
        public var description: String {
            "Nothing was dropped: no photo and no sound of the folder is in the collection, which would be left without items. "
                + "Is it the right folder, and is its disk there?"
        }
    }

    private let folder: MediaFolder
    private let destination: any IndexDestination
    private let recognition: FileRecognition
    private let dropsMissing: Bool
    private let batch: Int
    private let batchBytes: Int
    /// Files that are looked at between two reports, at most.
    private static let filesPerReport = 256

    /// - Parameters:
    ///   - recognition: tells photos and sounds from other files.
    ///   - dropsMissing: whether items are removed whose files are not there any more. Those of files that are elsewhere in the
    ///     folder now always are.
    ///   - batch: files that are stored together, at most.
    ///   - batchBytes: with so many bytes they are stored, however few they are.
    public init(
        _ folder: MediaFolder, into destination: any IndexDestination, recognition: FileRecognition,
        dropsMissing: Bool = false, batch: Int = 8, batchBytes: Int = 64 << 20
    ) {
        self.folder = folder
        self.destination = destination
        self.recognition = recognition
        self.dropsMissing = dropsMissing
        self.batch = max(1, batch)
        self.batchBytes = batchBytes
    }

    /// Stores what is new or changed, and removes the items of files that were moved.
    ///
    /// - Parameters:
    ///   - report: called after each batch, and every few hundred files.
    ///   - note: called for each file, in the order in which they are dealt with.
    /// - Throws: what ends the whole run.
    public func run(
        report: @escaping @Sendable (IndexProgress) -> Void,
        note: @escaping @Sendable (_ path: FileName, IndexOutcome) -> Void
    ) async throws -> IndexProgress {
        let known = try await destination.known()
        var run = Run(
            accepted: try await destination.accepted(), known: known, missing: missing(of: known),
            recognition: recognition, note: note)
        run.progress.total = folder.files.count + folder.closed.count
        for (path, error) in folder.closed { run.fail(path, nil, error) }
        for (number, file) in folder.files.enumerated() {
            run.look(at: file)
            let isFull = run.waiting.count == batch || run.waitingBytes >= batchBytes
            if isFull { try await store(&run) }
            if isFull || (number + 1).isMultiple(of: Self.filesPerReport) { report(run.progress) }
        }
        try await store(&run)
        try await dropMissing(&run)
        report(run.progress)
        try await destination.finish(isComplete: run.isComplete)
        return run.progress
    }

    /// Those items whose file is not in the folder.
    private func missing(of known: [ItemID: IndexedOrigin]) -> MissingItems {
        // Where something cannot be looked at, nobody knows what is missing.
        guard folder.closed.isEmpty else { return MissingItems([:]) }
        let there = Set(folder.files.compactMap(\.path.id))
        return MissingItems(known.filter { !there.contains($0.key) })
    }

    /// Stores the files that wait, and removes the items of those that were moved: together, since a later run can no longer tell
    /// a file that was moved from a copy that was there before.
    private func store(_ run: inout Run) async throws {
        guard !run.waiting.isEmpty else { return }
        let results = await destination.store(run.waiting.map(\.item))
        var moved: [ItemID] = []
        for (result, (file, item)) in zip(results, run.waiting) {
            switch result {
            case .failure(let error): run.fail(file.path, item.kind, error)
            case .success(let gaps):
                run.progress.stored.add(item.kind)
                if gaps != nil { run.progress.incomplete += 1 }
                if let before = run.missing.takeOut(foundAs: IndexedOrigin(kind: item.kind, stamp: file.stamp)) {
                    moved.append(before)
                }
                run.note(file.path, .stored(item.kind, gaps: gaps))
            }
        }
        run.waiting = []
        if !moved.isEmpty { try await destination.remove(moved) }
        run.progress.moved += moved.count
    }

    /// Removes the items whose file is nowhere in the folder, where that is asked for.
    private func dropMissing(_ run: inout Run) async throws {
        let ids = run.missing.ids
        guard dropsMissing, !ids.isEmpty else { return }
        guard run.progress.stored.count + run.progress.unchanged.count > 0 else { throw NothingToKeep() }
        try await destination.remove(ids)
        run.progress.dropped = ids.count
    }
}

/// A run under way.
private struct Run {
    let accepted: AcceptedKinds
    let known: [ItemID: IndexedOrigin]
    /// Those of them whose file is nowhere in the folder, as far as was looked.
    var missing: MissingItems
    let recognition: FileRecognition
    let note: @Sendable (FileName, IndexOutcome) -> Void
    var progress = IndexProgress()
    /// Whether nothing failed that may be all right the next time.
    var isComplete = true
    /// Files to be stored together.
    var waiting: [(file: MediaFolder.File, item: IndexedFile)] = []

    init(
        accepted: AcceptedKinds, known: [ItemID: IndexedOrigin], missing: MissingItems, recognition: FileRecognition,
        note: @escaping @Sendable (FileName, IndexOutcome) -> Void
    ) {
        self.accepted = accepted
        self.known = known
        self.missing = missing
        self.recognition = recognition
        self.note = note
    }

    /// Of the files to be stored.
    var waitingBytes: Int { waiting.reduce(0) { $0 + $1.item.bytes.count } }

    mutating func fail(_ path: FileName, _ kind: ItemKind?, _ error: any Error) {
        progress.failed.add(kind)
        // A file that was read and is no photo is done with. One that could not be read or stored may be one.
        if error is MediaFolder.Closed || error is FileName.Unreadable || error is RetrievalError { isComplete = false }
        note(path, .failed(error))
    }

    /// Deals with a file, or lets it wait to be stored.
    mutating func look(at file: MediaFolder.File) {
        let before = file.path.id.flatMap { known[$0] }
        if let before, before.stamp.fits(file.stamp), accepted.kinds.contains(before.kind) {
            progress.unchanged.add(before.kind)
            return note(file.path, .unchanged(before.kind))
        }
        var kind: ItemKind?
        do {
            switch recognition.sort(
                file.path, try file.place.contents(limit: recognition.bytes, isBeginning: true))
            {
            case .other(let name):
                progress.skipped[name, default: 0] += 1
                return note(file.path, .skipped(name))
            case .media(let found): kind = found
            }
            try take(file, kind)
        } catch {
            fail(file.path, kind, error)
        }
    }

    private mutating func take(_ file: MediaFolder.File, _ kind: ItemKind?) throws {
        guard let kind else { return }
        guard accepted.kinds.contains(kind) else {
            progress.leftOut.add(kind)
            return note(file.path, .leftOut(FolderIndexer.UnknownKind(model: accepted.model, kind: kind)))
        }
        guard let id = file.path.id else { throw FolderIndexer.UnsuitablePath() }
        let origin = IndexedOrigin(kind: kind, stamp: file.stamp)
        waiting.append(
            (
                file,
                IndexedFile(
                    id: id, kind: kind, bytes: try file.place.contents(),
                    metadata: origin.metadata(path: file.path.text))
            ))
    }
}

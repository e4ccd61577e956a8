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

    /// - Parameters:
    ///   - recognition: tells photos and sounds from other files.
    ///   - dropsMissing: whether items are removed whose files are not there any more. Those of files that are elsewhere in the
    ///     folder now always are.
    ///   - batch: files that are stored together.
    public init(
        _ folder: MediaFolder, into destination: any IndexDestination, recognition: FileRecognition,
        dropsMissing: Bool = false, batch: Int = 8
    ) {
        self.folder = folder
        self.destination = destination
        self.recognition = recognition
        self.dropsMissing = dropsMissing
        self.batch = max(1, batch)
    }

    /// Stores what is new or changed, and removes the items of files that were moved.
    ///
    /// - Parameters:
    ///   - report: called after each batch.
    ///   - note: called for each file, in the order in which they are dealt with.
    /// - Throws: what ends the whole run.
    public func run(
        report: @escaping @Sendable (IndexProgress) -> Void,
        note: @escaping @Sendable (_ path: FileName, IndexOutcome) -> Void
    ) async throws -> IndexProgress {
        let known = try await destination.known()
        var run = Run(
            accepted: try await destination.accepted(), known: known, recognition: recognition, note: note)
        run.progress.total = folder.files.count + folder.closed.count
        for (path, error) in folder.closed { run.fail(path, nil, error) }
        for file in folder.files {
            run.look(at: file)
            if run.waiting.count == batch {
                await store(&run)
                report(run.progress)
            }
        }
        await store(&run)
        try await removeGone(&run)
        report(run.progress)
        try await destination.finish()
        return run.progress
    }

    private func store(_ run: inout Run) async {
        guard !run.waiting.isEmpty else { return }
        let errors = await destination.store(run.waiting.map(\.item))
        for (error, (file, item)) in zip(errors, run.waiting) {
            if let error {
                run.fail(file.path, item.kind, error)
            } else {
                run.progress.stored.add(item.kind)
                run.present[file.stamp.bytes, default: []].append(IndexedOrigin(kind: item.kind, stamp: file.stamp))
                run.note(file.path, .stored(item.kind))
            }
        }
        run.waiting = []
    }

    /// Removes items whose file is not in the folder: those of which it was moved, and all of them where that is asked for.
    private func removeGone(_ run: inout Run) async throws {
        // What is in a folder that cannot be looked into is not gone.
        guard folder.closed.isEmpty else { return }
        let there = Set(folder.files.compactMap(\.path.id))
        let gone = run.known.filter { !there.contains($0.key) }
        let moved = gone.filter { run.isPresent($0.value) }
        if !moved.isEmpty { try await destination.remove(moved.keys.sorted()) }
        run.progress.moved = moved.count
        guard dropsMissing, gone.count > moved.count else { return }
        guard !run.present.isEmpty else { throw NothingToKeep() }
        try await destination.remove(gone.keys.filter { moved[$0] == nil }.sorted())
        run.progress.dropped = gone.count - moved.count
    }
}

/// A run under way.
private struct Run {
    let accepted: AcceptedKinds
    let known: [ItemID: IndexedOrigin]
    let recognition: FileRecognition
    let note: @Sendable (FileName, IndexOutcome) -> Void
    var progress = IndexProgress()
    /// Files to be stored together.
    var waiting: [(file: MediaFolder.File, item: IndexedFile)] = []
    /// Files of the folder that are items, by their size.
    var present: [Int: [IndexedOrigin]] = [:]

    init(
        accepted: AcceptedKinds, known: [ItemID: IndexedOrigin], recognition: FileRecognition,
        note: @escaping @Sendable (FileName, IndexOutcome) -> Void
    ) {
        self.accepted = accepted
        self.known = known
        self.recognition = recognition
        self.note = note
    }

    /// Whether a file of the folder may be the one that an item was made of.
    func isPresent(_ origin: IndexedOrigin) -> Bool {
        present[origin.stamp.bytes]?.contains { $0.kind == origin.kind && $0.stamp.fits(origin.stamp) } ?? false
    }

    mutating func fail(_ path: FileName, _ kind: ItemKind?, _ error: any Error) {
        progress.failed.add(kind)
        note(path, .failed(error))
    }

    /// Deals with a file, or lets it wait to be stored.
    mutating func look(at file: MediaFolder.File) {
        let before = file.path.id.flatMap { known[$0] }
        if let before, before.stamp.fits(file.stamp), accepted.kinds.contains(before.kind) {
            progress.unchanged.add(before.kind)
            present[file.stamp.bytes, default: []].append(IndexedOrigin(kind: before.kind, stamp: file.stamp))
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

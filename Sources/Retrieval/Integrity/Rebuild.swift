import Glibc

/// A new database that takes the place of the one in a folder: made beside it, and put there in one step once it is whole and
/// on disk. That step is the manifest, which tells of the new database from then on; whoever opens the folder after a kill
/// finishes what is left to do.
final class Rebuild {
    /// Why there is a new database.
    enum Cause: String, CaseIterable {
        /// The layout changed; the old database is removed.
        case upgraded
        /// The old database is damaged; it is kept under another name.
        case repaired
    }

    private let folder: DataFolder
    private let cause: Cause
    /// Nil once the database is whole.
    private var writer: StoreWriter?
    private var waiting: [Change] = []
    /// Items so far.
    private(set) var items = 0
    /// Collections so far.
    private(set) var collections = 0

    /// Begins a database.
    /// - Parameter generation: of the first commit; more than any that the folder had.
    init(_ folder: DataFolder, _ cause: Cause, generation: Int) throws(RetrievalError) {
        self.folder = folder
        self.cause = cause
        let path = Self.path(folder, cause)
        Self.remove(path)
        DataFolder.touch(path)
        do throws(SQLiteError) {
            let connection = try SQLiteConnection(path: path, isWritable: true)
            try Schema.create(on: connection, generation: generation)
            // It is worth nothing before it is whole, and is synced then.
            try connection.execute("PRAGMA synchronous = OFF")
            let contents = try connection.contents()
            writer = StoreWriter(connection, contents, reserve: nil, maxCollections: .max, now: { 0 })
        } catch {
            throw RetrievalError(error)
        }
    }

    deinit {
        // What is not whole would only take up room.
        guard writer != nil else { return }
        writer = nil
        Self.remove(Self.path(folder, cause))
    }

    /// Adds a collection without items.
    func add(_ entry: CatalogEntry) throws(RetrievalError) {
        collections += 1
        try add(.adopt(entry))
    }

    /// Adds an item to a collection.
    func add(_ item: Item, to entry: CatalogEntry) throws(RetrievalError) {
        items += 1
        try add(.put(collection: entry.name, item, entry.model.map { .model($0) } ?? .client(serving: nil)))
    }

    private func add(_ change: Change) throws(RetrievalError) {
        waiting.append(change)
        if waiting.count == 256 { try commit() }
    }

    private func commit() throws(RetrievalError) {
        let changes = waiting
        waiting = []
        for result in writer?.commit(changes) ?? [] { _ = try result.get() }
    }

    /// Puts the database in the place of the folder's.
    /// - Returns: where the one that was there is now; nil where there was none, or it was removed.
    func finish() throws(RetrievalError) -> String? {
        try commit()
        guard let state = writer?.state else { return nil }
        try writer?.checkpoint()
        writer = nil
        guard DataFolder.synchronize(file: Self.path(folder, cause)) else {
            throw RetrievalError(writing: Self.path(folder, cause))
        }
        folder.synchronize()
        try Manifest.replace(in: folder, with: state)
        return Self.exchange(folder, cause)
    }

    /// Finishes, or clears away, what an earlier process left half done.
    static func finish(_ folder: DataFolder) {
        for cause in Cause.allCases {
            let path = path(folder, cause)
            guard DataFolder.length(of: path) != nil else { continue }
            let told = try? Manifest.read(folder)
            let made = try? SQLiteConnection(path: path, isWritable: true).contents()
            if let told, told == made?.state {
                _ = exchange(folder, cause)
            } else {
                remove(path)
            }
        }
    }

    private static func path(_ folder: DataFolder, _ cause: Cause) -> String { folder.database + "." + cause.rawValue }

    private static func remove(_ path: String) {
        for ending in ["", "-wal", "-shm"] { unlink(path + ending) }
    }

    private static func exchange(_ folder: DataFolder, _ cause: Cause) -> String? {
        unlink(folder.logIndex)
        var kept: String?
        switch cause {
        case .upgraded: unlink(folder.log)
        case .repaired:
            if DataFolder.length(of: folder.database) != nil || DataFolder.length(of: folder.log) != nil {
                let free = DataFolder.freeName(folder.database + ".damaged")
                rename(folder.database, free)
                rename(folder.log, free + "-wal")
                kept = free
            }
        }
        rename(path(folder, cause), folder.database)
        folder.synchronize()
        return kept
    }
}

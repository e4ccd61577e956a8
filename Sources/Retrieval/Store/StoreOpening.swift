/// How a data folder is opened: made where it is new, brought to the present layout, or held against its manifest.
///
/// A folder is new where it has neither database nor manifest, or where its manifest tells of no commit yet: making one writes
/// the manifest first. From the first commit on the database must be there, and as far as the manifest says.
struct StoreOpening {
    let connection: SQLiteConnection
    let contents: StoredContents
    /// What the operator should know.
    let notice: String?

    /// Opens a folder for writing; on a full disk, in the room of the reserve.
    init(_ folder: DataFolder, _ reserve: SpaceReserve) throws(RetrievalError) {
        do throws(RetrievalError) {
            try self.init(folder)
        } catch {
            guard error == .storageFull else { throw error }
            reserve.release()
            try self.init(folder)
        }
    }

    private init(_ folder: DataFolder) throws(RetrievalError) {
        Rebuild.finish(folder)
        switch try Self.state(of: folder) {
        case .new:
            try Self.create(folder)
            notice = nil
        case .withoutChecksums:
            notice = try Rebuild.upgrade(folder)
        case .written: notice = nil
        }
        (connection, contents) = try Self.open(folder)
        do throws(SQLiteError) {
            try Schema.configure(connection)
        } catch {
            throw RetrievalError(opening: folder, error)
        }
    }

    /// What a folder holds.
    enum FolderState {
        /// Nothing that was acknowledged.
        case new
        /// A database of the layout before checksums.
        case withoutChecksums
        /// A database, and a manifest that tells of it.
        case written
    }

    /// What a folder holds, by its files.
    static func state(of folder: DataFolder) throws(RetrievalError) -> FolderState {
        let manifest = try manifest(of: folder)
        let length = DataFolder.length(of: folder.database)
        let isNew = manifest.map { $0.generation == 0 } ?? (DataFolder.length(of: folder.log) == nil)
        guard let length else {
            if isNew { return .new }
            throw .damagedFolder(path: folder.path, .file(path: folder.database, reason: "is missing"))
        }
        if length == 0 {
            if isNew && manifest != nil { return .new }
            throw .damagedFolder(path: folder.path, .file(path: folder.database, reason: "is empty"))
        }
        let version = try version(of: folder)
        if version > Schema.version {
            throw .unreadable(
                path: folder.database,
                reason: "its layout is of version \(version), and this program knows \(Schema.version)")
        }
        guard manifest == nil else { return isNew && version == 0 ? .new : .written }
        guard version == Schema.versionWithoutChecksums else {
            throw .damagedFolder(path: folder.path, .file(path: folder.manifest, reason: "is missing"))
        }
        return .withoutChecksums
    }

    /// Opens the database of a folder and holds it against the manifest. What is wrong within is among the faults of the
    /// contents. Nothing is written, and the log stays as it is until the connection is told otherwise.
    static func open(_ folder: DataFolder) throws(RetrievalError) -> (SQLiteConnection, StoredContents) {
        let manifest = try manifest(of: folder)
        let connection: SQLiteConnection
        let contents: StoredContents
        do throws(SQLiteError) {
            connection = try connect(folder)
            contents = try connection.contents()
        } catch {
            throw RetrievalError(opening: folder, error)
        }
        if let manifest, let fault = fault(of: contents, in: folder, after: manifest) {
            throw .damagedFolder(path: folder.path, fault)
        }
        return (connection, contents)
    }

    /// A connection to the database that leaves the log as it is.
    static func connect(_ folder: DataFolder) throws(SQLiteError) -> SQLiteConnection {
        let connection = try SQLiteConnection(path: folder.database, isWritable: true)
        connection.keepLogOnClose(true)
        return connection
    }

    /// Whether the database lacks what the manifest says was acknowledged. It may be ahead: its process may have been killed
    /// after a commit and before the manifest was written.
    private static func fault(
        of contents: StoredContents, in folder: DataFolder, after manifest: Manifest.State
    ) -> StoreFault? {
        let missing = manifest.generation - contents.store.generation
        if missing > 0 {
            let what = missing == 1 ? "the last commit" : "the last \(missing) commits"
            let reason =
                (DataFolder.length(of: folder.log) ?? 0) == 0
                ? "is missing or empty, and with it \(what)" : "is damaged, and \(what) cannot be read"
            return .file(path: folder.log, reason: reason)
        }
        guard missing < 0 || contents.checksum == manifest.contents else {
            return .file(path: folder.database, reason: "is not the one that the manifest tells of")
        }
        return nil
    }

    private static func manifest(of folder: DataFolder) throws(RetrievalError) -> Manifest.State? {
        do throws(StoreFault) {
            return try Manifest.read(folder)
        } catch {
            throw .damagedFolder(path: folder.path, error)
        }
    }

    private static func version(of folder: DataFolder) throws(RetrievalError) -> Int {
        do throws(SQLiteError) {
            return try connect(folder).integer("PRAGMA user_version") ?? 0
        } catch {
            throw RetrievalError(opening: folder, error)
        }
    }

    private static func create(_ folder: DataFolder) throws(RetrievalError) {
        try Manifest.replace(in: folder, with: Manifest.State.beforeAll)
        DataFolder.touch(folder.database)
        do throws(SQLiteError) {
            let connection = try SQLiteConnection(path: folder.database, isWritable: true)
            try Schema.create(on: connection, generation: 0)
        } catch {
            throw RetrievalError(opening: folder, error)
        }
        folder.synchronize()
    }
}

extension RetrievalError {
    /// The database of a folder cannot be opened.
    init(opening folder: DataFolder, _ error: SQLiteError) {
        if error.isFull {
            self = .storageFull
        } else if let fault = StoreFault(error) {
            self = .damagedFolder(path: folder.path, fault)
        } else {
            self = .unreadable(path: folder.database, reason: error.description)
        }
    }
}

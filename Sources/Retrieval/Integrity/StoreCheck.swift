import Glibc

/// What a look at everything in a data folder found.
public struct StoreCheck: Sendable {
    /// Collections that can be read.
    public private(set) var collections = 0
    /// Items that are as they were written.
    public private(set) var items = 0
    /// What is not as it was written.
    public private(set) var faults: [StoreFault] = []
    /// Whether the items have checksums, without which less is noticed. The next start gives them some.
    public private(set) var hasChecksums = true

    /// Reads everything; at most this many faults of the database's structure are named.
    private static let structureFaults = 100

    fileprivate init(_ folder: DataFolder) throws(RetrievalError) {
        var state = StoreOpening.FolderState.written
        try note { () throws(RetrievalError) in state = try StoreOpening.state(of: folder) }
        guard state != .new, (DataFolder.length(of: folder.database) ?? 0) > 0 else { return }
        hasChecksums = state != .withoutChecksums
        do throws(SQLiteError) {
            try look(try StoreOpening.connect(folder))
        } catch {
            guard !error.isFull else { throw .storageFull }
            add(.structure(reason: error.description))
        }
        if hasChecksums { try note { () throws(RetrievalError) in _ = try StoreOpening.open(folder) } }
        // Looking made them where they were not.
        unlink(folder.logIndex)
        if DataFolder.length(of: folder.log) == 0 { unlink(folder.log) }
    }

    private mutating func look(_ connection: SQLiteConnection) throws(SQLiteError) {
        let verification = StoreVerification(connection)
        for fault in verification.structure(limit: Self.structureFaults) { add(fault) }
        if hasChecksums {
            let contents = try connection.contents()
            for fault in contents.faults { add(fault) }
            for entry in contents.entries {
                let totals = contents.collections[entry.key]?.totals ?? Totals()
                var intact = 0
                for fault in verification.items(of: entry, expecting: totals, { _ in intact += 1 }) { add(fault) }
                (collections, items) = (collections + 1, items + intact)
            }
        } else {
            let salvage = Salvage(connection, hasChecksums: false)
            for remains in salvage.collections() {
                var intact = 0
                let found = try? salvage.items(of: remains.entry) { _ in intact += 1 }
                for fault in remains.faults + (found ?? []) { add(fault) }
                (collections, items) = (collections + 1, items + intact)
            }
        }
    }

    /// Notes the fault for which the folder would not be opened.
    private mutating func note(_ body: () throws(RetrievalError) -> Void) throws(RetrievalError) {
        do throws(RetrievalError) {
            try body()
        } catch {
            guard case .damagedFolder(_, let fault) = error else { throw error }
            add(fault)
        }
    }

    private mutating func add(_ fault: StoreFault) {
        if !faults.contains(fault) { faults.append(fault) }
    }
}

/// What was kept of a damaged data folder.
public struct StoreRepair: Sendable {
    /// Collections that are there now.
    public let collections: Int
    /// Items that are there now.
    public let items: Int
    /// What could not be kept, or is not known to be as it was.
    public let lost: [StoreFault]
    /// Where the damaged database is now, if there was one.
    public let moved: String?
}

extension CollectionStore {
    /// Looks at everything in a folder that no process has open, and changes nothing.
    public static func check(folder path: String) throws(RetrievalError) -> StoreCheck {
        let folder = try existing(path)
        defer { folder.release() }
        return try StoreCheck(folder)
    }

    /// Writes what can be read in a folder that no process has open to a new database.
    public static func repair(folder path: String) throws(RetrievalError) -> StoreRepair {
        let folder = try existing(path)
        defer { folder.release() }
        Rebuild.finish(folder)
        return try Rebuild.repair(folder)
    }

    private static func existing(_ path: String) throws(RetrievalError) -> DataFolder {
        guard access(path, F_OK) == 0 else {
            throw .unusableFolder(path: path, reason: "it is not there")
        }
        return try DataFolder(path)
    }
}

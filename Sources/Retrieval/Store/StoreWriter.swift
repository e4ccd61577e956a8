/// One change to the collections.
enum Change: Sendable {
    /// Stores an item; makes the collection where it is missing.
    case put(collection: String, Item, VectorSource)
    case removeItem(collection: String, ItemID)
    case removeCollection(String)
    /// Gives a collection the name of another, which is removed.
    case replace(String, with: String)
    /// Makes an empty collection as another database has it, but for the key.
    case adopt(CatalogEntry)

    /// Whether it leaves more room than there was.
    fileprivate var frees: Bool {
        switch self {
        case .removeItem, .removeCollection, .replace: true
        case .put, .adopt: false
        }
    }
}

/// What a change did, once it is on disk.
enum Effect: Sendable {
    case stored(CatalogEntry, Item, checksum: Int, isNew: Bool)
    case removedItem(CatalogEntry, ItemID)
    case removedCollection(CatalogEntry)
    case replaced(old: CatalogEntry?, by: CatalogEntry)
    case adopted(CatalogEntry)
}

/// Writes changes to the database, many in one transaction, with the totals by which a loss is noticed. Used by one thread at a
/// time.
final class StoreWriter {
    private let connection: SQLiteConnection
    /// What the database holds, the open transaction included.
    private(set) var catalog: [String: CatalogEntry]
    private var ledger: Ledger
    private let checksum = RowChecksum()
    /// What the manifest is to say of the commits so far.
    private(set) var state: Manifest.State
    private let reserve: SpaceReserve?
    private let now: @Sendable () -> Int
    private let maxCollections: Int

    /// - Parameters:
    ///   - contents: what the database holds.
    ///   - reserve: given up for a while where the disk is full and something is to be removed.
    init(
        _ connection: SQLiteConnection, _ contents: StoredContents, reserve: SpaceReserve?, maxCollections: Int,
        now: @escaping @Sendable () -> Int
    ) {
        self.connection = connection
        self.reserve = reserve
        self.maxCollections = maxCollections
        self.now = now
        catalog = Dictionary(contents.entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        ledger = Ledger(contents)
        state = contents.state
    }

    /// Brings the log into the database.
    func checkpoint() throws(RetrievalError) {
        do throws(SQLiteError) { try connection.checkpoint() } catch { throw RetrievalError(error) }
    }

    /// What is there was verified: closing may bring the log into the database.
    func trust() { connection.keepLogOnClose(false) }

    /// Writes all changes and syncs once. Where the disk refuses that, each is tried by itself, so that a large one does not
    /// take small ones with it.
    func commit(_ changes: [Change]) -> [Result<Effect, RetrievalError>] {
        do throws(SQLiteError) {
            return try transaction(changes)
        } catch {
            defer { if error.isFull { reserve?.keep() } }
            return changes.map(commitAlone)
        }
    }

    /// Writes one change. One that leaves more room is written on a full disk too: what it needs for that comes out of the
    /// log, which is brought into the database, and out of the reserve.
    private func commitAlone(_ change: Change) -> Result<Effect, RetrievalError> {
        do throws(SQLiteError) {
            do throws(SQLiteError) {
                return try transaction([change])[0]
            } catch {
                guard error.isFull && change.frees else { throw error }
                reserve?.release()
                try? connection.checkpoint()
                let results = try transaction([change])
                try? connection.checkpoint()
                return results[0]
            }
        } catch {
            return .failure(RetrievalError(error))
        }
    }

    private func transaction(_ changes: [Change]) throws(SQLiteError) -> [Result<Effect, RetrievalError>] {
        let before = (catalog, ledger)
        do throws(SQLiteError) {
            try connection.execute("BEGIN IMMEDIATE")
            var results: [Result<Effect, RetrievalError>] = []
            for change in changes { results.append(try result(of: change)) }
            let written = try ledger.write(catalog.values, to: connection, checksum)
            try connection.execute("COMMIT")
            if let written { state = written }
            return results
        } catch {
            (catalog, ledger) = before
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    /// A change that the collections refuse is a result; one that the disk refuses ends the transaction.
    private func result(of change: Change) throws(SQLiteError) -> Result<Effect, RetrievalError> {
        switch change {
        case .put(let name, let item, let source): try put(name, item, source)
        case .removeItem(let name, let id): try removeItem(name, id)
        case .removeCollection(let name): try removeCollection(name)
        case .replace(let name, let other): try replace(name, with: other)
        case .adopt(let entry):
            .success(.adopted(try make(entry.name, dimension: entry.dimension, entry.model, created: entry.created)))
        }
    }

    private func put(
        _ name: String, _ item: Item, _ source: VectorSource
    ) throws(SQLiteError) -> Result<Effect, RetrievalError> {
        if let entry = catalog[name] {
            do throws(RetrievalError) {
                try entry.check(dimension: item.vector.count, source: source)
            } catch {
                return .failure(error)
            }
            return .success(try store(item, in: entry))
        }
        guard catalog.count < maxCollections else { return .failure(.tooManyCollections(limit: maxCollections)) }
        let entry = try make(name, dimension: item.vector.count, source.origin, created: now())
        return .success(try store(item, in: entry))
    }

    private func make(
        _ name: String, dimension: Int, _ model: ModelOrigin?, created: Int
    ) throws(SQLiteError) -> CatalogEntry {
        let row = try connection.statement(
            "INSERT INTO collections (name, dimension, model, digest, created) VALUES (?, ?, ?, ?, ?)")
        row.bind(1, name)
        row.bind(2, dimension)
        if let model {
            row.bind(3, model.name)
            row.bind(4, model.digest)
        }
        row.bind(5, created)
        try connection.run(row)
        let entry = CatalogEntry(
            key: connection.lastKey, name: name, dimension: dimension, model: model, created: created)
        try connection.execute(Schema.items(entry.key))
        catalog[name] = entry
        ledger.made(entry)
        return entry
    }

    private func store(_ item: Item, in entry: CatalogEntry) throws(SQLiteError) -> Effect {
        let known = try connection.statement("SELECT checksum FROM \(entry.table) WHERE id = ?")
        known.bind(1, item.id.text)
        let old = try connection.row(of: known) ? known.integer(0) : nil
        known.reset()
        let row = try connection.statement(
            old == nil
                ? "INSERT INTO \(entry.table) (kind, checksum, vector, metadata, id) VALUES (?1, ?2, ?3, ?4, ?5)"
                : "UPDATE \(entry.table) SET kind = ?1, checksum = ?2, vector = ?3, metadata = ?4 WHERE id = ?5")
        let metadata = item.metadata.exactText
        let sum = checksum.of(item, metadata: metadata, in: entry.key)
        row.bind(1, item.kind.rawValue)
        row.bind(2, sum)
        row.bind(3, item.vector)
        row.bind(4, metadata)
        row.bind(5, item.id.text)
        try connection.run(row)
        ledger.stored(sum, insteadOf: old, in: entry)
        return .stored(entry, item, checksum: sum, isNew: old == nil)
    }

    private func removeItem(_ name: String, _ id: ItemID) throws(SQLiteError) -> Result<Effect, RetrievalError> {
        guard let entry = catalog[name] else { return .failure(.unknownCollection(name)) }
        let row = try connection.statement("DELETE FROM \(entry.table) WHERE id = ? RETURNING checksum")
        row.bind(1, id.text)
        guard try connection.row(of: row) else { return .failure(.unknownItem(collection: name)) }
        let sum = row.integer(0)
        try connection.run(row)
        ledger.removed(sum, from: entry)
        return .success(.removedItem(entry, id))
    }

    private func removeCollection(_ name: String) throws(SQLiteError) -> Result<Effect, RetrievalError> {
        guard let entry = catalog[name] else { return .failure(.unknownCollection(name)) }
        try drop(entry)
        return .success(.removedCollection(entry))
    }

    private func drop(_ entry: CatalogEntry) throws(SQLiteError) {
        connection.forget(table: entry.table)
        try connection.execute("DROP TABLE \(entry.table)")
        let row = try connection.statement("DELETE FROM collections WHERE key = ?")
        row.bind(1, entry.key)
        try connection.run(row)
        catalog[entry.name] = nil
        ledger.dropped(entry)
    }

    private func replace(_ name: String, with other: String) throws(SQLiteError) -> Result<Effect, RetrievalError> {
        guard var entry = catalog[other] else { return .failure(.unknownCollection(other)) }
        let old = catalog[name]
        if let old { try drop(old) }
        let row = try connection.statement("UPDATE collections SET name = ? WHERE key = ?")
        row.bind(1, name)
        row.bind(2, entry.key)
        try connection.run(row)
        catalog[other] = nil
        entry.name = name
        catalog[name] = entry
        ledger.renamed(entry)
        return .success(.replaced(old: old, by: entry))
    }
}

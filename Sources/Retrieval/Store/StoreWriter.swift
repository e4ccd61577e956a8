/// One change to the collections.
enum Change: Sendable {
    /// Stores an item; makes the collection where it is missing.
    case put(collection: String, Item, VectorSource)
    case removeItem(collection: String, ItemID)
    case removeCollection(String)
    /// Gives a collection the name of another, which is removed.
    case replace(String, with: String)
}

/// What a change did, once it is on disk.
enum Effect: Sendable {
    case stored(CatalogEntry, Item, isNew: Bool)
    case removedItem(CatalogEntry, ItemID)
    case removedCollection(CatalogEntry)
    case replaced(old: CatalogEntry?, by: CatalogEntry)
}

/// Writes changes to the database, many in one transaction. Used by one thread at a time.
final class StoreWriter {
    private let connection: SQLiteConnection
    /// What the database holds, the open transaction included.
    private(set) var catalog: [String: CatalogEntry]
    private let now: @Sendable () -> Int
    private let maxCollections: Int

    init(
        _ connection: SQLiteConnection, maxCollections: Int, now: @escaping @Sendable () -> Int
    ) throws(SQLiteError) {
        self.connection = connection
        self.maxCollections = maxCollections
        self.now = now
        catalog = try connection.catalog()
    }

    /// Writes all changes and syncs once. Where the disk refuses that, each is tried by itself, so that a large one does not
    /// take small ones with it.
    func commit(_ changes: [Change]) -> [Result<Effect, RetrievalError>] {
        do throws(SQLiteError) {
            return try transaction(changes)
        } catch {
            guard changes.count > 1 else { return [.failure(RetrievalError(error))] }
            return changes.flatMap { commit([$0]) }
        }
    }

    private func transaction(_ changes: [Change]) throws(SQLiteError) -> [Result<Effect, RetrievalError>] {
        let before = catalog
        do throws(SQLiteError) {
            try connection.execute("BEGIN IMMEDIATE")
            var results: [Result<Effect, RetrievalError>] = []
            for change in changes { results.append(try result(of: change)) }
            try connection.execute("COMMIT")
            return results
        } catch {
            catalog = before
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
            return .success(.stored(entry, item, isNew: try store(item, in: entry)))
        }
        guard catalog.count < maxCollections else { return .failure(.tooManyCollections(limit: maxCollections)) }
        let entry = try make(name, dimension: item.vector.count, source.origin)
        return .success(.stored(entry, item, isNew: try store(item, in: entry)))
    }

    private func make(_ name: String, dimension: Int, _ model: ModelOrigin?) throws(SQLiteError) -> CatalogEntry {
        let created = now()
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
        return entry
    }

    /// Whether the item is new.
    private func store(_ item: Item, in entry: CatalogEntry) throws(SQLiteError) -> Bool {
        for sql in [
            "UPDATE \(entry.table) SET kind = ?1, vector = ?2, metadata = ?3 WHERE id = ?4",
            "INSERT INTO \(entry.table) (kind, vector, metadata, id) VALUES (?1, ?2, ?3, ?4)",
        ] {
            let row = try connection.statement(sql)
            row.bind(1, item.kind.rawValue)
            row.bind(2, item.vector)
            row.bind(3, item.metadata.exactText)
            row.bind(4, item.id.text)
            if try connection.run(row) > 0, sql.hasPrefix("UPDATE") { return false }
        }
        return true
    }

    private func removeItem(_ name: String, _ id: ItemID) throws(SQLiteError) -> Result<Effect, RetrievalError> {
        guard let entry = catalog[name] else { return .failure(.unknownCollection(name)) }
        let row = try connection.statement("DELETE FROM \(entry.table) WHERE id = ?")
        row.bind(1, id.text)
        guard try connection.run(row) > 0 else { return .failure(.unknownItem(collection: name)) }
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
        return .success(.replaced(old: old, by: entry))
    }
}

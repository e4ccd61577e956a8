/// Reads items from the database, beside the writer, each held against its checksum. Used by one thread at a time.
final class StoreReader {
    private let connection: SQLiteConnection
    private let checksum = RowChecksum()

    init(_ folder: DataFolder) throws(SQLiteError) {
        connection = try SQLiteConnection(path: folder.database, isWritable: false)
    }

    /// An item with its vector; nil where there is none.
    func item(_ id: ItemID, of entry: CatalogEntry) throws(RetrievalError) -> Item? {
        let rows = try select(entry, "WHERE id = ?")
        defer { rows.reset() }
        rows.bind(1, id.text)
        return try next(rows, of: entry)?.item
    }

    /// The hits for what was found in memory, and the first item that is not, or no longer, as it was found.
    func hits(
        _ found: [VectorIndex.Match], of entry: CatalogEntry
    ) throws(RetrievalError) -> (hits: [CollectionStore.Hit], changed: ItemID?) {
        let rows = try rows(found.map(\.id), of: entry)
        var hits: [CollectionStore.Hit] = []
        for match in found {
            guard let row = rows[match.id], row.checksum == match.checksum else { return (hits, match.id) }
            hits.append(CollectionStore.Hit(item: row.summary, score: match.score, vector: match.vector))
        }
        return (hits, nil)
    }

    /// Those of the ids that there are, with the checksum that tells each version of an item from every other.
    private func rows(
        _ ids: [ItemID], of entry: CatalogEntry
    ) throws(RetrievalError) -> [ItemID: (summary: ItemSummary, checksum: Int)] {
        let rows = try select(entry, "WHERE id = ?")
        defer { rows.reset() }
        var found: [ItemID: (summary: ItemSummary, checksum: Int)] = [:]
        for id in ids {
            rows.reset()
            rows.bind(1, id.text)
            if let row = try next(rows, of: entry) { found[id] = (row.summary, row.stored) }
        }
        return found
    }

    /// The first items after an id, in the order of the ids' bytes: at most `limit`, and none after one with which their
    /// metadata reach `bytes`.
    func list(
        _ entry: CatalogEntry, after: String, limit: Int, bytes: Int
    ) throws(RetrievalError) -> [ItemSummary] {
        let rows = try select(entry, "WHERE id > ? ORDER BY id LIMIT ?")
        defer { rows.reset() }
        rows.bind(1, after)
        rows.bind(2, limit)
        var items: [ItemSummary] = []
        var size = 0
        while size < bytes, let row = try next(rows, of: entry) {
            items.append(row.summary)
            size += row.metadataBytes
        }
        return items
    }

    /// Reads all that there is, and calls `body` with each item's row.
    /// - Throws: the first thing found that is not as it was written.
    func load(_ body: (CatalogEntry, ItemRow) -> Void) throws(StoreFault) {
        let verification = StoreVerification(connection)
        if let fault = verification.structure(limit: 1).first { throw fault }
        let contents = try verification.contents()
        if let fault = contents.faults.first { throw fault }
        for entry in contents.entries {
            guard let totals = contents.collections[entry.key]?.totals else { continue }
            let faults = verification.items(of: entry, expecting: totals) { body(entry, $0) }
            if let fault = faults.first { throw fault }
        }
    }

    /// A collection was removed.
    func forget(_ entry: CatalogEntry) { connection.forget(table: entry.table) }

    private func select(_ entry: CatalogEntry, _ condition: String) throws(RetrievalError) -> SQLiteStatement {
        do throws(SQLiteError) {
            return try connection.statement("SELECT \(ItemRow.columns) FROM \(entry.table) \(condition)")
        } catch {
            throw RetrievalError(error)
        }
    }

    /// The next row, or nil after the last; throws where it is damaged.
    private func next(_ rows: SQLiteStatement, of entry: CatalogEntry) throws(RetrievalError) -> ItemRow? {
        do throws(SQLiteError) {
            guard try connection.row(of: rows) else { return nil }
        } catch {
            throw RetrievalError(error)
        }
        let row = ItemRow(rows, of: entry)
        do throws(StoreFault) { try row.check(checksum) } catch { throw .damaged(error) }
        return row
    }
}

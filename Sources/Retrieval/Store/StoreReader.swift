import JSON

/// Reads items from the database, beside the writer. Used by one thread at a time.
final class StoreReader {
    private let connection: SQLiteConnection

    init(_ folder: DataFolder) throws(SQLiteError) {
        connection = try SQLiteConnection(path: folder.database, isWritable: false)
    }

    /// An item with its vector; nil where there is none.
    func item(_ id: ItemID, of entry: CatalogEntry) throws(SQLiteError) -> Item? {
        let rows = try connection.statement("SELECT kind, metadata, vector FROM \(entry.table) WHERE id = ?")
        defer { rows.reset() }
        rows.bind(1, id.text)
        guard try connection.row(of: rows) else { return nil }
        return Item(
            stored: id, kind: ItemKind(stored: rows.text(0)), vector: rows.floats(2),
            metadata: JSONObject(stored: rows.text(1)))
    }

    /// Those of the ids that there are.
    func summaries(_ ids: [ItemID], of entry: CatalogEntry) throws(SQLiteError) -> [ItemID: ItemSummary] {
        let rows = try connection.statement("SELECT kind, metadata FROM \(entry.table) WHERE id = ?")
        defer { rows.reset() }
        var found: [ItemID: ItemSummary] = [:]
        for id in ids {
            rows.reset()
            rows.bind(1, id.text)
            guard try connection.row(of: rows) else { continue }
            found[id] = ItemSummary(
                id: id, kind: ItemKind(stored: rows.text(0)), metadata: JSONObject(stored: rows.text(1)))
        }
        return found
    }

    /// The first items after an id, in the order of the ids' bytes.
    func list(_ entry: CatalogEntry, after: String, limit: Int) throws(SQLiteError) -> [ItemSummary] {
        let rows = try connection.statement(
            "SELECT id, kind, metadata FROM \(entry.table) WHERE id > ? ORDER BY id LIMIT ?")
        defer { rows.reset() }
        rows.bind(1, after)
        rows.bind(2, limit)
        var items: [ItemSummary] = []
        while try connection.row(of: rows) {
            items.append(
                ItemSummary(
                    id: ItemID(stored: rows.text(0) ?? ""), kind: ItemKind(stored: rows.text(1)),
                    metadata: JSONObject(stored: rows.text(2))))
        }
        return items
    }

    /// Calls `body` with each item's id, vector and metadata.
    func scan(
        _ entry: CatalogEntry, _ body: (ItemID, UnsafeBufferPointer<Float>, JSONObject) -> Void
    ) throws(SQLiteError) {
        let rows = try connection.statement("SELECT id, metadata, vector FROM \(entry.table) ")
        defer { rows.reset() }
        while try connection.row(of: rows) {
            let vector = rows.floats(2)
            guard vector.count == entry.dimension else { continue }
            let metadata = JSONObject(stored: rows.text(1))
            vector.withUnsafeBufferPointer { body(ItemID(stored: rows.text(0) ?? ""), $0, metadata) }
        }
    }

    /// A collection was removed.
    func forget(_ entry: CatalogEntry) { connection.forget(table: entry.table) }
}

extension ItemKind {
    init(stored text: String?) { self = text.flatMap { ItemKind(rawValue: $0) } ?? .embedding }
}

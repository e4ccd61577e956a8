import JSON

/// The row of an item, valid until the next one is read.
struct ItemRow {
    /// What a statement selects to read rows.
    static let columns = "id, kind, vector, metadata, checksum"
    /// The same of a table without checksums.
    static let columnsWithoutChecksum = "id, kind, vector, metadata, 0"

    private let row: SQLiteStatement
    private let entry: CatalogEntry

    init(_ row: SQLiteStatement, of entry: CatalogEntry) {
        self.row = row
        self.entry = entry
    }

    var id: ItemID { ItemID(stored: row.text(0) ?? "") }
    var metadata: JSONObject { JSONObject(stored: row.text(3)) }
    var vector: [Float] { row.floats(2) }
    var summary: ItemSummary { ItemSummary(id: id, kind: kind, metadata: metadata) }
    var item: Item { Item(stored: id, kind: kind, vector: vector, metadata: metadata) }
    private var kind: ItemKind { row.text(1).flatMap { ItemKind(rawValue: $0) } ?? .embedding }

    /// Bytes of the metadata as they are stored.
    var metadataBytes: Int { row.withBytes(3, \.count) }

    /// The checksum that the row has.
    var stored: Int { row.integer(4) }

    /// The checksum that the row should have.
    func computed(_ checksum: RowChecksum) -> Int {
        checksum.add(entry.key)
        for column: Int32 in 0..<4 { row.withBytes(column) { checksum.add($0) } }
        return checksum.take()
    }

    /// The fault of a row whose columns are not those that its checksum is of.
    func check(_ checksum: RowChecksum) throws(StoreFault) {
        guard computed(checksum) == stored else { throw fault }
    }

    /// The fault of a row that cannot have been stored, all that can be told where there are no checksums.
    func checkPlausibility() throws(StoreFault) {
        guard ItemID(id.text) != nil, row.text(1).flatMap({ ItemKind(rawValue: $0) }) != nil,
            row.withBytes(2, \.count) == 4 * entry.dimension, vector.allSatisfy(\.isFinite),
            case .object? = try? JSONValue(parsing: row.withBytes(3) { Array($0) })
        else { throw fault }
    }

    /// That this row is damaged.
    var fault: StoreFault { .item(collection: entry.name, id: id.text) }
}

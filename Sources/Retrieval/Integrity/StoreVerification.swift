/// Reads everything in a database and holds it against its checksums.
struct StoreVerification {
    private let connection: SQLiteConnection
    private let checksum = RowChecksum()

    init(_ connection: SQLiteConnection) { self.connection = connection }

    /// Where the pages do not fit together: trees out of order, rows that an index does not have, pages used twice or lost.
    func structure(limit: Int) -> [StoreFault] {
        do throws(SQLiteError) {
            let rows = try connection.statement("PRAGMA integrity_check(\(limit))")
            defer { rows.reset() }
            var faults: [StoreFault] = []
            while try connection.row(of: rows) {
                if let text = rows.text(0), text != "ok" {
                    faults.append(.structure(reason: text.replacing("\n", with: "; ")))
                }
            }
            return faults
        } catch {
            return [.structure(reason: error.description)]
        }
    }

    /// The collections, and what is wrong with what is known of them.
    func contents() throws(StoreFault) -> StoredContents {
        do throws(SQLiteError) {
            return try connection.contents()
        } catch {
            throw .structure(reason: error.description)
        }
    }

    /// Calls `body` with each row of a collection that is as it was written.
    /// - Returns: those that are not, and what else is wrong.
    func items(of entry: CatalogEntry, expecting totals: Totals, _ body: (ItemRow) -> Void) -> [StoreFault] {
        var faults: [StoreFault] = []
        var found = Totals(generation: totals.generation)
        do throws(SQLiteError) {
            let rows = try connection.statement("SELECT \(ItemRow.columns) FROM \(entry.table) ")
            defer { rows.reset() }
            while try connection.row(of: rows) {
                let row = ItemRow(rows, of: entry)
                found.add(row.stored)
                do throws(StoreFault) {
                    try row.check(checksum)
                    body(row)
                } catch {
                    faults.append(error)
                }
            }
        } catch {
            faults.append(.collection(entry.name, reason: "cannot be read to its end: \(error.description)"))
        }
        if faults.isEmpty && found != totals {
            let reason =
                found.rows == totals.rows
                ? "does not have the items that were written"
                : "has \(found.rows) items where \(totals.rows) were written"
            faults.append(.collection(entry.name, reason: reason))
        }
        return faults
    }
}

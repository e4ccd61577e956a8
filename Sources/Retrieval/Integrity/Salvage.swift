/// Reads what can be read of a database that may be damaged.
struct Salvage {
    private let connection: SQLiteConnection
    private let checksum = RowChecksum()
    /// Whether rows have checksums; without, those are taken that can have been written.
    private let hasChecksums: Bool

    init(_ connection: SQLiteConnection, hasChecksums: Bool) {
        self.connection = connection
        self.hasChecksums = hasChecksums
    }

    /// What is left of a collection.
    struct Remains {
        /// The collection as far as it is known.
        var entry: CatalogEntry
        /// What the collection should hold, where that is known.
        let totals: Totals?
        /// Whether the collection is as it was written, as far as that can be told.
        let isIntact: Bool
        /// What is wrong with what is known of it.
        let faults: [StoreFault]
    }

    /// Every collection that has a table of items.
    func collections() -> [Remains] {
        let contents = hasChecksums ? try? connection.contents() : nil
        let entries = contents?.entries ?? (try? connection.entries()) ?? []
        var names: Set<String> = []
        return ((try? keys()) ?? entries.map(\.key)).map { key in
            var faults: [StoreFault] = []
            let found = entries.first { $0.key == key }
            var entry =
                found ?? CatalogEntry(key: key, name: "", dimension: 0, model: nil, created: 0)
            if !CollectionName.isValid(entry.name.replacing("+", with: "-")) || names.contains(entry.name) {
                entry.name = "recovered-\(key)"
                faults.append(.collection(entry.name, reason: "has lost its name"))
            }
            names.insert(entry.name)
            let known = contents?.collections[key]
            let isKnown =
                found.map { entry in known.map { checksum.of(entry, $0.totals) == $0.checksum } ?? false } ?? false
            let isIntact = hasChecksums ? isKnown : found != nil
            if !isIntact {
                faults.append(
                    .collection(entry.name, reason: "is not described as it was written: name and model may be others"))
            }
            return Remains(entry: entry, totals: isKnown ? known?.totals : nil, isIntact: isIntact, faults: faults)
        }
    }

    /// The numbers of the tables of items.
    private func keys() throws(SQLiteError) -> [Int] {
        let rows = try connection.statement(
            "SELECT substr(name, 7) FROM sqlite_schema WHERE type = 'table' AND name GLOB 'items_[0-9]*' ORDER BY rowid"
        )
        defer { rows.reset() }
        var keys: [Int] = []
        while try connection.row(of: rows) {
            if let key = rows.text(0).flatMap({ Int($0) }) { keys.append(key) }
        }
        return keys
    }

    /// Calls `body` once with each item that is as it was written; returns those that are not, and what else could not be read.
    ///
    /// A page that cannot be read ends a scan. Those before it are found from the front, those behind it from the end, and what
    /// lies between two such pages one by one, by the index of ids.
    func items(
        of entry: CatalogEntry, _ body: (Item) throws(RetrievalError) -> Void
    ) throws(RetrievalError) -> [StoreFault] {
        var faults: [StoreFault] = []
        var seen: Set<Int> = []
        let columns = hasChecksums ? ItemRow.columns : ItemRow.columnsWithoutChecksum
        let select = "SELECT \(columns), rowid FROM \(entry.table)"
        for order in ["ORDER BY rowid", "ORDER BY rowid DESC"] {
            guard let failure = try scan("\(select) \(order)", nil, entry, &seen, &faults, body) else { return faults }
            if seen.isEmpty && faults.isEmpty { faults.append(failure) }
        }
        for (id, number) in identifiers(entry) where !seen.contains(number) {
            if try scan("\(select) WHERE rowid = ?", number, entry, &seen, &faults, body) != nil {
                faults.append(.item(collection: entry.name, id: id))
            }
        }
        return faults
    }

    /// Reads rows up to the end, or to what cannot be read, which is returned.
    private func scan(
        _ sql: String, _ number: Int?, _ entry: CatalogEntry, _ seen: inout Set<Int>, _ faults: inout [StoreFault],
        _ body: (Item) throws(RetrievalError) -> Void
    ) throws(RetrievalError) -> StoreFault? {
        guard let rows = try? connection.statement(sql) else {
            return .collection(entry.name, reason: "has no table that can be read")
        }
        defer { rows.reset() }
        if let number { rows.bind(1, number) }
        while true {
            do throws(SQLiteError) {
                guard try connection.row(of: rows) else { return nil }
            } catch {
                return .collection(entry.name, reason: "cannot be read to its end: \(error.description)")
            }
            guard seen.insert(rows.integer(5)).inserted else { continue }
            let row = ItemRow(rows, of: entry)
            do throws(StoreFault) {
                if hasChecksums { try row.check(checksum) } else { try row.checkPlausibility() }
            } catch {
                faults.append(error)
                continue
            }
            try body(row.item)
        }
    }

    /// The ids and row numbers of a collection as its index has them, as far as that can be read.
    private func identifiers(_ entry: CatalogEntry) -> [(id: String, number: Int)] {
        guard let rows = try? connection.statement("SELECT id, rowid FROM \(entry.table) ORDER BY id") else {
            return []
        }
        defer { rows.reset() }
        var found: [(id: String, number: Int)] = []
        while let isRow = try? connection.row(of: rows), isRow { found.append((rows.text(0) ?? "", rows.integer(1))) }
        return found
    }
}

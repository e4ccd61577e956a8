/// How many rows a table should hold and what their checksums should add up to, by which a row that is gone is noticed.
struct Totals: Sendable, Equatable {
    /// The commit that wrote them, counted from the first of the store.
    var generation = 0
    /// Items of a collection, or collections of the store.
    var rows = 0
    /// The sum of the rows' checksums, modulo 2⁶⁴.
    var sum = 0

    mutating func add(_ checksum: Int) {
        rows += 1
        sum &+= checksum
    }

    mutating func remove(_ checksum: Int) {
        rows -= 1
        sum &-= checksum
    }
}

/// The totals of the store and of its collections, kept while items come and go and written with each commit.
struct Ledger {
    /// The key of the store's own totals, which no collection has.
    static let root = 0

    /// The store's totals: its rows are those of the collections' totals.
    private(set) var store: Totals
    private var collections: [Int: Totals]
    /// The checksum of each collection's totals as they were written last.
    private var written: [Int: Int]
    private var changed: Set<Int> = []

    init(_ contents: StoredContents) {
        store = contents.store
        collections = contents.collections.mapValues(\.totals)
        written = contents.collections.mapValues(\.checksum)
    }

    mutating func made(_ entry: CatalogEntry) {
        collections[entry.key] = Totals()
        changed.insert(entry.key)
    }

    mutating func renamed(_ entry: CatalogEntry) { changed.insert(entry.key) }

    mutating func dropped(_ entry: CatalogEntry) {
        collections[entry.key] = nil
        changed.insert(entry.key)
    }

    /// An item was stored; `old` is the checksum of the one whose place it took.
    mutating func stored(_ checksum: Int, insteadOf old: Int?, in entry: CatalogEntry) {
        if let old { collections[entry.key]?.remove(old) }
        collections[entry.key]?.add(checksum)
        changed.insert(entry.key)
    }

    mutating func removed(_ checksum: Int, from entry: CatalogEntry) {
        collections[entry.key]?.remove(checksum)
        changed.insert(entry.key)
    }

    /// Writes what changed into the open transaction, as the next generation.
    /// - Returns: what the manifest is to say; nil where nothing changed.
    mutating func write(
        _ entries: some Collection<CatalogEntry>, to connection: SQLiteConnection, _ checksum: RowChecksum
    ) throws(SQLiteError) -> Manifest.State? {
        guard !changed.isEmpty else { return nil }
        store.generation += 1
        for key in changed {
            if let old = written.removeValue(forKey: key) { store.remove(old) }
            guard var totals = collections[key], let entry = entries.first(where: { $0.key == key }) else {
                let row = try connection.statement("DELETE FROM totals WHERE key = ?")
                row.bind(1, key)
                try connection.run(row)
                continue
            }
            totals.generation = store.generation
            collections[key] = totals
            let sum = checksum.of(entry, totals)
            try connection.write(totals, key, sum)
            written[key] = sum
            store.add(sum)
        }
        changed = []
        let contents = checksum.of(store)
        try connection.write(store, Self.root, contents)
        return Manifest.State(generation: store.generation, contents: contents)
    }
}

extension SQLiteConnection {
    /// Stores the totals of a collection, or of the store.
    func write(_ totals: Totals, _ key: Int, _ checksum: Int) throws(SQLiteError) {
        let row = try statement(
            "INSERT OR REPLACE INTO totals (key, generation, rows, sum, checksum) VALUES (?, ?, ?, ?, ?)")
        for (column, value) in [key, totals.generation, totals.rows, totals.sum, checksum].enumerated() {
            row.bind(Int32(column + 1), value)
        }
        try run(row)
    }
}

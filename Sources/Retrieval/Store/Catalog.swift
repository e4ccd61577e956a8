/// A collection's row in the database.
struct CatalogEntry: Sendable, Equatable {
    let key: Int
    var name: String
    let dimension: Int
    let model: ModelOrigin?
    let created: Int

    var table: String { Schema.table(key) }

    /// Refuses a vector that cannot be compared with those of the collection.
    func check(dimension found: Int, source: VectorSource) throws(RetrievalError) {
        switch source {
        case .model(let origin):
            guard origin.isSame(as: model) else {
                throw .otherModel(collection: name, made: model, serving: origin)
            }
        case .client(let serving):
            if let model, serving?.isSame(as: model) != true {
                throw .otherModel(collection: name, made: model, serving: serving)
            }
        }
        guard found == dimension else {
            throw .wrongDimension(collection: name, expected: dimension, found: found)
        }
    }
}

/// What a database says of its collections.
struct StoredContents {
    /// What the store should hold.
    let store: Totals
    /// The checksum of that.
    let checksum: Int
    /// By key, what each collection should hold, and the checksum of that and of its row.
    let collections: [Int: (totals: Totals, checksum: Int)]
    let entries: [CatalogEntry]
    /// What does not fit together.
    let faults: [StoreFault]

    /// What the manifest says when it tells of this.
    var state: Manifest.State { Manifest.State(generation: store.generation, contents: checksum) }
}

extension SQLiteConnection {
    /// Every collection there is, as it stands there.
    func entries() throws(SQLiteError) -> [CatalogEntry] {
        let rows = try statement("SELECT key, name, dimension, model, digest, created FROM collections ORDER BY key")
        defer { rows.reset() }
        var entries: [CatalogEntry] = []
        while try row(of: rows) {
            let model = rows.text(3).flatMap { model in rows.text(4).map { ModelOrigin(name: model, digest: $0) } }
            entries.append(
                CatalogEntry(
                    key: rows.integer(0), name: rows.text(1) ?? "", dimension: rows.integer(2), model: model,
                    created: rows.integer(5)))
        }
        return entries
    }

    /// Every collection there is and what it should hold, held against the checksums of that.
    func contents() throws(SQLiteError) -> StoredContents {
        let checksum = RowChecksum()
        let entries = try entries()
        var totals = try totals()
        let store = totals.removeValue(forKey: Ledger.root) ?? (Totals(), 0)
        var faults: [StoreFault] = []
        var found = Totals(generation: store.totals.generation)
        for entry in entries {
            guard let (expected, sum) = totals[entry.key] else {
                faults.append(.collection(entry.name, reason: "has no record of what it should hold"))
                continue
            }
            found.add(sum)
            if checksum.of(entry, expected) != sum {
                faults.append(.collection(entry.name, reason: "is not described as it was written"))
            }
        }
        let missing = totals.keys.filter { key in !entries.contains { $0.key == key } }
        for key in missing.sorted() {
            faults.append(.collection("number \(key)", reason: "is missing, though it was not removed"))
        }
        if checksum.of(store.totals) != store.checksum || (faults.isEmpty && found != store.totals) {
            faults.append(.structure(reason: "the collections are not those that were written"))
        }
        return StoredContents(
            store: store.totals, checksum: store.checksum, collections: totals, entries: entries, faults: faults)
    }

    private func totals() throws(SQLiteError) -> [Int: (totals: Totals, checksum: Int)] {
        let rows = try statement("SELECT key, generation, rows, sum, checksum FROM totals")
        defer { rows.reset() }
        var totals: [Int: (totals: Totals, checksum: Int)] = [:]
        while try row(of: rows) {
            totals[rows.integer(0)] = (
                Totals(generation: rows.integer(1), rows: rows.integer(2), sum: rows.integer(3)), rows.integer(4)
            )
        }
        return totals
    }
}

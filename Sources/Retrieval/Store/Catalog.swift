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
            guard model?.digest == origin.digest else {
                throw .otherModel(collection: name, made: model, serving: origin)
            }
        case .client(let serving):
            if let model, model.digest != serving?.digest {
                throw .otherModel(collection: name, made: model, serving: serving)
            }
        }
        guard found == dimension else {
            throw .wrongDimension(collection: name, expected: dimension, found: found)
        }
    }
}

extension SQLiteConnection {
    /// Every collection there is, by name.
    func catalog() throws(SQLiteError) -> [String: CatalogEntry] {
        let rows = try statement("SELECT key, name, dimension, model, digest, created FROM collections")
        defer { rows.reset() }
        var entries: [String: CatalogEntry] = [:]
        while try row(of: rows) {
            let name = rows.text(1) ?? ""
            let model = rows.text(3).flatMap { model in rows.text(4).map { ModelOrigin(name: model, digest: $0) } }
            entries[name] = CatalogEntry(
                key: rows.integer(0), name: name, dimension: rows.integer(2), model: model, created: rows.integer(5))
        }
        return entries
    }
}

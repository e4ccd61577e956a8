extension Rebuild {
    /// Writes the database of a folder anew with checksums, and removes the old one.
    /// - Returns: a sentence that says so.
    static func upgrade(_ folder: DataFolder) throws(RetrievalError) -> String {
        let connection: SQLiteConnection
        do throws(SQLiteError) {
            connection = try StoreOpening.connect(folder)
        } catch {
            throw RetrievalError(opening: folder, error)
        }
        if let fault = StoreVerification(connection).structure(limit: 1).first {
            throw .damagedFolder(path: folder.path, fault)
        }
        let rebuild = try Rebuild(folder, .upgraded, generation: 1)
        if let fault = try rebuild.addAll(from: Salvage(connection, hasChecksums: false)).first {
            throw .damagedFolder(path: folder.path, fault)
        }
        _ = try rebuild.finish()
        return "The collections in \(folder.path) were written anew, with checksums: \(rebuild.items) items in "
            + "\(rebuild.collections) collections."
    }

    /// Writes what can be read of a folder's database to a new one, and keeps the old one under another name.
    static func repair(_ folder: DataFolder) throws(RetrievalError) -> StoreRepair {
        let connection = (DataFolder.length(of: folder.database) ?? 0) > 0 ? try? StoreOpening.connect(folder) : nil
        let hasChecksums = (try? connection?.integer("SELECT count(*) FROM totals")) != nil
        let generations = [
            (try? Manifest.read(folder))?.generation, (try? connection?.contents())?.store.generation,
        ]
        let rebuild = try Rebuild(folder, .repaired, generation: 1 + (generations.compactMap(\.self).max() ?? 0))
        let lost = try connection.map { connection throws(RetrievalError) in
            try rebuild.addAll(from: Salvage(connection, hasChecksums: hasChecksums))
        }
        let moved = try rebuild.finish()
        return StoreRepair(collections: rebuild.collections, items: rebuild.items, lost: lost ?? [], moved: moved)
    }

    /// Adds every collection; returns what was lost.
    private func addAll(from salvage: Salvage) throws(RetrievalError) -> [StoreFault] {
        var lost: [StoreFault] = []
        for remains in salvage.collections() { lost += try add(remains, from: salvage) }
        return lost
    }

    private func add(_ remains: Salvage.Remains, from salvage: Salvage) throws(RetrievalError) -> [StoreFault] {
        var lost = remains.faults
        var entry = remains.entry
        var isAdded = false
        let before = items
        lost += try salvage.items(of: remains.entry) { item throws(RetrievalError) in
            if !isAdded {
                if !remains.isIntact { entry = entry.holding(item.vector.count) }
                try add(entry)
                isAdded = true
            }
            guard item.vector.count == entry.dimension else { return }
            try add(item, to: entry)
        }
        if !isAdded && remains.isIntact { try add(entry) }
        if let expected = remains.totals?.rows, items - before != expected {
            lost.append(.collection(entry.name, reason: "has \(items - before) of \(expected) items left"))
        }
        return lost
    }
}

extension CatalogEntry {
    /// The same collection with vectors of another length.
    fileprivate func holding(_ dimension: Int) -> CatalogEntry {
        CatalogEntry(key: key, name: name, dimension: dimension, model: model, created: created)
    }
}

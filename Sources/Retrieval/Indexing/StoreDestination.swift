/// Photos and sounds go into a store of this process, by way of a model.
public struct StoreDestination: IndexDestination {
    /// Items of the old collection that would be lost.
    public struct ItemsWithoutFiles: Error, CustomStringConvertible {
        let collection: String
        let count: Int

        /// A sentence.
        public var description: String {
            "The collection \"\(collection)\" was left as it is: \(count) of its items have no file in the folder that the "
                + "model takes, and would be lost, since originals are not kept. Give their folder, or let them go with "
                + "--drop-missing."
        }
    }

    /// Items of the old collection that would be lost, though their files may be there.
    public struct FilesNotRead: Error, CustomStringConvertible {
        let collection: String
        let count: Int

        /// A sentence.
        public var description: String {
            "The collection \"\(collection)\" was left as it is: \(count) of its items would be lost, whose files may be among "
                + "those that could not be read or stored. Mend that, or move these out of the folder, and run the command "
                + "again: what was made is kept."
        }
    }

    private let store: CollectionStore
    private let collection: String
    private let source: VectorSource
    private let remake: Remake?
    private let kinds: AcceptedKinds
    private let embed: @Sendable ([IndexedFile]) async -> [Result<FileVector, any Error>]

    /// How a collection is made anew.
    public enum Remake: Sendable {
        /// Only where each of its items has a file.
        case whole
        /// Without those that have none.
        case droppingMissing
    }

    /// - Parameters:
    ///   - model: the model whose vectors `embed` gives.
    ///   - remake: whether the collection is made anew and then replaced in one step; nil adds to it.
    ///   - takes: the kinds of files that `embed` takes, of `.image` and `.audio`.
    ///   - embed: the vectors of files, in their order.
    public init(
        _ store: CollectionStore, collection: String, model: ModelOrigin, remake: Remake?, takes: Set<ItemKind>,
        embed: @escaping @Sendable ([IndexedFile]) async -> [Result<FileVector, any Error>]
    ) {
        self.store = store
        self.collection = collection
        source = .model(model)
        self.remake = remake
        kinds = AcceptedKinds(model: model.name, kinds: takes)
        self.embed = embed
    }

    /// Where items go: while a collection is made anew, one beside it, whose name no client can give.
    private var target: String { remake == nil ? collection : collection + "+reembed" }

    /// What the model takes.
    public func accepted() -> AcceptedKinds { kinds }

    /// What is in the collection, or in the one that is being made.
    public func known() async throws -> [ItemID: IndexedOrigin] {
        if remake != nil, let begun = try? store.collection(target), source.origin?.isSame(as: begun.model) != true {
            // Begun with yet another model.
            try await store.removeCollection(target)
        }
        guard let present = try? store.collection(target) else { return [:] }
        try store.check(target, dimension: present.dimension, from: source)
        return try await origins(of: target).compactMapValues(\.self)
    }

    /// Every item, and of what file it was made, if of one.
    private func origins(of name: String) async throws -> [ItemID: IndexedOrigin?] {
        var origins: [ItemID: IndexedOrigin?] = [:]
        var after = ""
        while true {
            let page = try await store.items(of: name, after: after, limit: 1000)
            for item in page { origins.updateValue(IndexedOrigin(item.metadata), forKey: item.id) }
            guard let last = page.last else { return origins }
            after = last.id.text
        }
    }

    /// Computes the files' vectors and stores them.
    public func store(_ files: [IndexedFile]) async -> [Result<SoundGaps?, any Error>] {
        let vectors = await embed(files)
        // Together, so that they share a commit.
        return await withTaskGroup(of: (Int, Result<SoundGaps?, any Error>).self) { group in
            for (index, (file, vector)) in zip(files, vectors).enumerated() {
                group.addTask {
                    do {
                        let made = try vector.get()
                        let item = try Item(
                            id: file.id, kind: file.kind, vector: made.vector, metadata: file.metadata)
                        _ = try await store.put(item, into: target, from: source)
                        return (index, .success(made.gaps))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var results = [Result<SoundGaps?, any Error>](repeating: .success(nil), count: files.count)
            for await (index, result) in group { results[index] = result }
            return results
        }
    }

    /// Removes items of files that are gone.
    public func remove(_ ids: [ItemID]) async throws {
        for id in ids { try await store.remove(id, from: target) }
    }

    /// Puts a collection that was made anew in the place of the old one.
    public func finish(isComplete: Bool) async throws {
        guard let remake, (try? store.collection(target)) != nil else { return }
        if (try? store.collection(collection)) != nil {
            let lost = try await lost()
            guard isComplete || lost.ofFiles == 0 else {
                throw FilesNotRead(collection: collection, count: lost.ofFiles)
            }
            if case .whole = remake, lost.ofFiles + lost.others > 0 {
                throw ItemsWithoutFiles(collection: collection, count: lost.ofFiles + lost.others)
            }
        }
        try await store.replace(collection, with: target)
    }

    /// How many items of the old collection are neither in the new one nor at a new place there: those that were made of files,
    /// and others.
    private func lost() async throws -> (ofFiles: Int, others: Int) {
        let old = try await origins(of: collection)
        let made = try await origins(of: target)
        let gone = old.filter { made[$0.key] == nil }
        var missing = MissingItems(gone.compactMapValues(\.self))
        for (id, origin) in made {
            // A file that was there already accounts for its own item alone.
            guard let origin, (old[id] ?? nil)?.fits(origin) != true else { continue }
            _ = missing.takeOut(foundAs: origin)
        }
        return (missing.ids.count, gone.values.count { $0 == nil })
    }
}

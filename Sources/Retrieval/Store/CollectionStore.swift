import Glibc
import JSON
import Synchronization
import Tensor

/// Every collection of one data folder: items on disk, their vectors in memory too.
///
///     let store = try CollectionStore(folder: "data", threads: 2)
///     try store.load()
///     let isNew = try await store.put(item, into: "photos", from: .client(serving: nil))
///     let hits = try await store.search("photos", vector, from: .client(serving: nil), top: 10)
///     store.close()
///
/// Three threads do the work, and callers only wait. One writes: what waits goes into one transaction with one sync, after
/// which all are told. One searches: what waits shares a pass over the vectors. One reads single items and lists.
public final class CollectionStore: Sendable {
    /// Bounds of a store.
    public struct Limits: Sendable {
        /// Collections.
        public var collections = 1024
        /// Writes, searches or reads that wait, each.
        public var waiting = 1024
        /// Writes that share a commit.
        public var group = 256
        /// Pages of the database, 4 KiB each; nil for as many as there is room for.
        public var pages: Int?
        /// Bytes that are kept aside, so that something can be removed when the disk is full. More than a log usually has:
        /// 4 MiB, and what one commit adds.
        public var reserve = 16 << 20

        /// Every bound at its default.
        public init() {}
    }

    private struct Opened {
        var entries: [String: CatalogEntry]
        var indexes: [Int: VectorIndex] = [:]
    }

    private typealias ReadJob = @Sendable (StoreReader) -> Void

    private let folder: DataFolder
    private let limits: Limits
    private let pool: ComputePool
    /// What the operator should know of the folder.
    public let notice: String?
    private let reserve: SpaceReserve
    /// Nil once the store is closed.
    private let manifest: Mutex<Manifest?>
    private let opened: Mutex<Opened>
    /// Nil once the store is closed.
    private let writer: Mutex<StoreWriter?>
    private let reader: Mutex<StoreReader?>
    private let threads = Mutex<Threads?>(nil)
    private let commits = Atomic(0)

    private struct Threads: Sendable {
        let write: BatchThread<WriteJob>
        let search: BatchThread<SearchJob>
        let read: BatchThread<ReadJob>
    }

    private struct WriteJob: Sendable {
        let change: Change
        let done: @Sendable (Result<Effect, RetrievalError>) -> Void
    }

    private struct SearchJob: Sendable {
        let entry: CatalogEntry
        let query: VectorIndex.Query
        let done: @Sendable ([VectorIndex.Match]) -> Void
    }

    /// Searches whose hits writers may change before they are read, until they are kept from it.
    private static let searchesBesideWriters = 3

    /// Locks and opens a folder, which is made where it is missing. Nothing is read yet; see `load`.
    ///
    /// - Parameters:
    ///   - threads: threads that search.
    ///   - now: seconds since 1970.
    public init(
        folder path: String, threads: Int, limits: Limits = Limits(),
        now: @escaping @Sendable () -> Int = { time(nil) }
    ) throws(RetrievalError) {
        folder = try DataFolder(path)
        self.limits = limits
        reserve = SpaceReserve(folder, bytes: limits.reserve)
        let opening = try StoreOpening(folder, reserve)
        notice = opening.notice
        if let fault = opening.contents.faults.first { throw .damagedFolder(path: path, fault) }
        manifest = Mutex(try Manifest(folder))
        let writer = StoreWriter(
            opening.connection, opening.contents, reserve: reserve, maxCollections: limits.collections, now: now)
        opened = Mutex(Opened(entries: writer.catalog))
        do throws(SQLiteError) {
            if let pages = limits.pages { try opening.connection.execute("PRAGMA max_page_count = \(pages)") }
            reader = Mutex(try StoreReader(folder))
        } catch {
            throw RetrievalError(opening: folder, error)
        }
        self.writer = Mutex(writer)
        pool = ComputePool(threads: threads)
    }

    deinit {
        // Not waited for: this may be one of the threads. They hold no more of the store than its last job did.
        guard let threads = threads.withLock({ $0 }) else { return }
        threads.search.dismiss()
        threads.read.dismiss()
        threads.write.dismiss()
    }

    /// Reads everything, holds it against its checksums and keeps the vectors in memory; from then on the store answers. Blocks.
    /// - Throws: `damagedFolder` where anything is not as it was written; then nothing in the folder was changed.
    public func load() throws(RetrievalError) {
        var indexes: [Int: VectorIndex] = [:]
        do throws(StoreFault) {
            try reader.withLock { reader throws(StoreFault) in
                try reader?.load { entry, row in
                    let index = indexes[entry.key] ?? VectorIndex(dimension: entry.dimension)
                    indexes[entry.key] = index
                    row.vector.withUnsafeBufferPointer {
                        index.put(
                            row.id, $0, fingerprints: MetadataFilter.fingerprints(of: row.metadata),
                            checksum: row.stored)
                    }
                }
            }
        } catch {
            letGo()
            throw .damagedFolder(path: folder.path, error)
        }
        opened.withLock { $0.indexes = indexes }
        let state = writer.withLock { writer in
            writer?.trust()
            return writer?.state
        }
        manifest.withLock { manifest in
            if let state { manifest?.record(state) }
            manifest?.synchronize()
        }
        reserve.keep()
        threads.withLock { threads in
            threads = Threads(
                write: BatchThread("retrieval-write", bound: limits.waiting, most: limits.group) { [weak self] in
                    self?.write($0)
                },
                search: BatchThread("retrieval-find", bound: limits.waiting, most: Self.queriesPerPass) {
                    [weak self] in self?.search($0)
                },
                read: BatchThread("retrieval-read", bound: limits.waiting, most: 1) { [weak self] in
                    self?.read($0)
                })
        }
    }

    /// Searches that share a pass over the vectors: with more, computing takes longer than reading.
    private static let queriesPerPass = 16

    /// Finishes what waits, ends the threads and lets go of the folder; nothing is taken any more. Blocks.
    public func close() {
        let threads = threads.withLock { threads in
            defer { threads = nil }
            return threads
        }
        threads?.search.stop()
        threads?.read.stop()
        threads?.write.stop()
        manifest.withLock { $0?.synchronize() }
        letGo()
    }

    /// Lets go of the folder, so that another may have it.
    private func letGo() {
        // The last connection to close brings the log into the database.
        reader.withLock { $0 = nil }
        writer.withLock { $0 = nil }
        manifest.withLock { $0 = nil }
        folder.release()
    }

    private func running() throws(RetrievalError) -> Threads {
        guard let threads = threads.withLock({ $0 }) else { throw .closed }
        return threads
    }

    /// Commits so far, each of which synced the disk once, however many changes it had.
    public var commitCount: Int { commits.load(ordering: .relaxed) }

    // MARK: Collections

    /// Every collection, in the order of their names.
    public var collections: [CollectionDescription] {
        let (entries, indexes) = opened.withLock { ($0.entries, $0.indexes) }
        return entries.values.filter { CollectionName.isValid($0.name) }.sorted { $0.name < $1.name }
            .map { CollectionDescription($0, items: indexes[$0.key]?.count ?? 0) }
    }

    /// What is known of a collection.
    public func collection(_ name: String) throws(RetrievalError) -> CollectionDescription {
        let entry = try entry(name)
        return CollectionDescription(entry, items: opened.withLock { $0.indexes[entry.key] }?.count ?? 0)
    }

    /// Refuses what a later `put` or `search` of such a vector would refuse, as long as the collection is as it is now.
    public func check(_ name: String, dimension: Int, from source: VectorSource) throws(RetrievalError) {
        try entry(name).check(dimension: dimension, source: source)
    }

    private func entry(_ name: String) throws(RetrievalError) -> CatalogEntry {
        guard let entry = opened.withLock({ $0.entries[name] }) else { throw .unknownCollection(name) }
        return entry
    }

    // MARK: Changes

    /// Stores an item; the answer, whether it is new, comes when it is on disk. Makes the collection where it is missing.
    public func put(
        _ item: Item, into name: String, from source: VectorSource,
        done: @escaping @Sendable (Result<Bool, RetrievalError>) -> Void
    ) throws(RetrievalError) {
        try submit(.put(collection: name, item, source)) { result in
            done(
                result.map { effect in
                    if case .stored(_, _, _, let isNew) = effect { isNew } else { false }
                })
        }
    }

    /// Stores an item; true where it is new. Returns when it is on disk.
    public func put(
        _ item: Item, into name: String, from source: VectorSource
    ) async throws(RetrievalError) -> Bool {
        try await waiting { done throws(RetrievalError) in try put(item, into: name, from: source, done: done) }
    }

    /// Removes an item. Returns when that is on disk.
    public func remove(_ id: ItemID, from name: String) async throws(RetrievalError) {
        _ = try await waiting { done throws(RetrievalError) in
            try submit(.removeItem(collection: name, id), done: done)
        }
    }

    /// Removes an item; `done` is called when that is on disk.
    public func remove(
        _ id: ItemID, from name: String, done: @escaping @Sendable (Result<Void, RetrievalError>) -> Void
    ) throws(RetrievalError) {
        try submit(.removeItem(collection: name, id)) { done($0.map { _ in }) }
    }

    /// Removes a collection with all its items. Returns when that is on disk.
    public func removeCollection(_ name: String) async throws(RetrievalError) {
        _ = try await waiting { done throws(RetrievalError) in try submit(.removeCollection(name), done: done) }
    }

    /// Puts the collection `other` in the place of `name`, which need not exist, in one step.
    public func replace(_ name: String, with other: String) async throws(RetrievalError) {
        _ = try await waiting { done throws(RetrievalError) in try submit(.replace(name, with: other), done: done) }
    }

    private func submit(
        _ change: Change, done: @escaping @Sendable (Result<Effect, RetrievalError>) -> Void
    ) throws(RetrievalError) {
        try running().write.submit(WriteJob(change: change, done: done))
    }

    /// Commits what waits, brings memory up to it, and tells those who wait.
    private func write(_ jobs: [WriteJob]) {
        let results: [Result<Effect, RetrievalError>] = writer.withLock { writer in
            // Closing waits for this thread before it lets go of the writer.
            guard let writer else { return jobs.map { _ in .failure(RetrievalError.closed) } }
            let results = writer.commit(jobs.map(\.change))
            commits.wrappingAdd(1, ordering: .relaxed)
            manifest.withLock { $0?.record(writer.state) }
            let catalog = writer.catalog
            opened.withLock { opened in
                opened.entries = catalog
                for case .success(let effect) in results { Self.apply(effect, to: &opened) }
            }
            return results
        }
        for case .success(.removedCollection(let entry)) in results { reader.withLock { $0?.forget(entry) } }
        for (job, result) in zip(jobs, results) { job.done(result) }
    }

    private static func apply(_ effect: Effect, to opened: inout Opened) {
        switch effect {
        case .stored(let entry, let item, let checksum, _):
            let index = opened.indexes[entry.key] ?? VectorIndex(dimension: entry.dimension)
            opened.indexes[entry.key] = index
            item.vector.withUnsafeBufferPointer {
                index.put(
                    item.id, $0, fingerprints: MetadataFilter.fingerprints(of: item.metadata), checksum: checksum)
            }
        case .removedItem(let entry, let id): opened.indexes[entry.key]?.remove(id)
        case .removedCollection(let entry): opened.indexes[entry.key] = nil
        case .replaced(let old, _): if let old { opened.indexes[old.key] = nil }
        case .adopted: break
        }
    }

    // MARK: Reading

    /// An item with its vector.
    public func item(_ id: ItemID, of name: String) async throws(RetrievalError) -> Item {
        let item = try await reading(name) { [self] reader, entry throws(RetrievalError) -> Item? in
            if let item = try reader.item(id, of: entry) { return item }
            // A row that memory knows and the disk does not have is not passed over.
            return try writer.withLock { _ throws(RetrievalError) in
                if let item = try reader.item(id, of: entry) { return item }
                guard opened.withLock({ $0.indexes[entry.key] })?.contains(id) == true else { return nil }
                throw .damaged(.item(collection: entry.name, id: id.text))
            }
        }
        guard let item else { throw .unknownItem(collection: name) }
        return item
    }

    /// The first items after an id ("" for the very first), in the order of the ids' bytes: at most `limit`, and fewer where
    /// their metadata have `bytes` before.
    public func items(
        of name: String, after: String, limit: Int, bytes: Int = .max
    ) async throws(RetrievalError) -> [ItemSummary] {
        try await reading(name) { reader, entry throws(RetrievalError) in
            try reader.list(entry, after: after, limit: limit, bytes: bytes)
        }
    }

    /// An item and how near it is.
    public struct Hit: Sendable {
        /// The item.
        public let item: ItemSummary
        /// The cosine of the angle between the vectors, -1 to 1.
        public let score: Float
        /// The item's vector, of length 1; nil unless it was asked for.
        public let vector: [Float]?
    }

    /// The items whose vectors are nearest by cosine, best first; of equal ones the smaller id comes first.
    ///
    /// They are those of one state of the collection, whatever is written meanwhile: a hit's score and metadata are of one
    /// version of its item, and there are `top` of them where so many match.
    ///
    /// - Parameters:
    ///   - vector: of any length but 0.
    ///   - source: where the vector comes from.
    ///   - top: how many at most.
    ///   - filter: what the hits must have.
    ///   - keepsVectors: whether the hits should have their vectors.
    public func search(
        _ name: String, _ vector: [Float], from source: VectorSource, top: Int, filter: MetadataFilter? = nil,
        keepsVectors: Bool = false
    ) async throws(RetrievalError) -> [Hit] {
        try check(name, dimension: vector.count, from: source)
        let query = VectorIndex.Query(
            vector: try Item.unit(vector), top: top, filter: filter, keepsVectors: keepsVectors)
        for _ in 0..<Self.searchesBesideWriters {
            let entry = try entry(name)
            try entry.check(dimension: vector.count, source: source)
            let threads = try running()
            let found: [VectorIndex.Match] = try await waiting { done throws(RetrievalError) in
                try threads.search.submit(SearchJob(entry: entry, query: query) { done(.success($0)) })
            }
            let hits = try await reading(name) { reader, current throws(RetrievalError) -> [Hit]? in
                // Another collection may have its name by now.
                guard current.key == entry.key else { return nil }
                let (hits, changed) = try reader.hits(found, of: entry)
                return changed == nil ? hits : nil
            }
            if let hits { return hits }
        }
        return try await reading(name) { [self] reader, entry throws(RetrievalError) in
            try entry.check(dimension: vector.count, source: source)
            // As long as nothing is written, memory has what the disk has.
            return try writer.withLock { _ throws(RetrievalError) in
                let index = opened.withLock { $0.indexes[entry.key] }
                let found = index?.search([query], pool: pool)[0] ?? []
                let (hits, changed) = try reader.hits(found, of: entry)
                if let changed { throw .damaged(.item(collection: entry.name, id: changed.text)) }
                return hits
            }
        }
    }

    private func search(_ jobs: [SearchJob]) {
        for (key, jobs) in Dictionary(grouping: jobs, by: \.entry.key) {
            let index = opened.withLock { $0.indexes[key] }
            let hits = index?.search(jobs.map(\.query), pool: pool) ?? jobs.map { _ in [] }
            for (job, hits) in zip(jobs, hits) { job.done(hits) }
        }
    }

    private func read(_ jobs: [ReadJob]) {
        reader.withLock { reader in
            guard let reader else { return }
            for job in jobs { job(reader) }
        }
    }

    /// Has the reading thread run `body` on the collection of that name; again where another came into its place meanwhile.
    private func reading<Value: Sendable>(
        _ name: String, _ body: @escaping @Sendable (StoreReader, CatalogEntry) throws(RetrievalError) -> Value
    ) async throws(RetrievalError) -> Value {
        try await reading { [self] reader throws(RetrievalError) in
            while true {
                let entry = try entry(name)
                do throws(RetrievalError) {
                    return try body(reader, entry)
                } catch {
                    // What was committed is known here as soon as the writer lets go, not before.
                    let current = try writer.withLock { _ throws(RetrievalError) in try self.entry(name) }
                    guard current.key != entry.key else { throw error }
                }
            }
        }
    }

    /// Has the reading thread run `body`.
    private func reading<Value: Sendable>(
        _ body: @escaping @Sendable (StoreReader) throws(RetrievalError) -> Value
    ) async throws(RetrievalError) -> Value {
        let threads = try running()
        return try await waiting { done throws(RetrievalError) in
            try threads.read.submit { reader in
                do throws(RetrievalError) {
                    done(.success(try body(reader)))
                } catch {
                    done(.failure(error))
                }
            }
        }
    }

    /// Waits for the one call of `done`; where `start` throws, it is never called.
    private func waiting<Value: Sendable>(
        _ start: (@escaping @Sendable (Result<Value, RetrievalError>) -> Void) throws(RetrievalError) -> Void
    ) async throws(RetrievalError) -> Value {
        let result: Result<Value, RetrievalError> = await withCheckedContinuation { continuation in
            do throws(RetrievalError) {
                try start { continuation.resume(returning: $0) }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }
}

extension CollectionDescription {
    fileprivate init(_ entry: CatalogEntry, items: Int) {
        self.init(
            name: entry.name, dimension: entry.dimension, model: entry.model, created: entry.created, items: items)
    }
}

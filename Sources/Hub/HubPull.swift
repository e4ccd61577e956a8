import Dispatch
import Glibc
import OperatingSystem
import Synchronization

/// Fetches the files of a model into the cache of the Hub. What is there already is not fetched again, and what was begun goes on.
public struct HubPull: Sendable {
    /// How far it is.
    public struct Progress: Sendable, Equatable {
        /// Bytes that are there, those of earlier too.
        public var done = 0
        /// Bytes that came over the network.
        public var received = 0
        /// Bytes of all files.
        public var total = 0
    }

    /// What was fetched.
    public struct Outcome: Sendable, Equatable {
        /// The folder of the model.
        public let folder: String
        /// The commit that the revision is at.
        public let commit: String
        /// How many files the model has.
        public let files: Int
        /// How many bytes they have.
        public let bytes: Int
        /// How many bytes came over the network.
        public let received: Int
    }

    /// How many files are fetched at once.
    private static let workers = 4

    private let reference: HubReference
    private let settings: HubSettings
    private let cache: HubCache

    /// Of one repository.
    public init(_ reference: HubReference, _ settings: HubSettings = HubSettings()) {
        self.reference = reference
        self.settings = settings
        cache = HubCache(root: settings.cache)
    }

    /// Fetches what is missing.
    /// - Parameter report: called from several threads with how far it is, after each piece that came.
    public func run(report: @escaping @Sendable (Progress) -> Void = { _ in }) throws(HubError) -> Outcome {
        do {
            return try fetch(report)
        } catch let error as HubError {
            throw error
        } catch let error as HubConnection.Broken {
            throw .unreachable(endpoint: settings.endpoint, reason: error.reason)
        } catch {
            throw .badAnswer(endpoint: settings.endpoint, reason: "\(error)")
        }
    }

    private func fetch(_ report: @escaping @Sendable (Progress) -> Void) throws -> Outcome {
        guard !settings.isOffline else { throw HubError.offline(reference) }
        let client = HubClient(reference, settings)
        var (commit, paths) = try retried { try client.listing() }
        if paths.isEmpty { paths = try retried { try client.tree(commit) } }
        let (needed, indices) = NeededFiles.selected(of: paths)
        guard NeededFiles.hasWeights(needed) else { throw HubError.noWeights(reference) }
        try cache.prepare(reference)
        let tally = Tally(report)
        let known = try describe(needed, commit)
        try take(known.filter { indices.contains($0.path) }, commit, tally)
        // What indices name is known once they are there.
        let shards = try indices.flatMap { index in
            let path = "\(cache.snapshot(reference, commit))/\(index)"
            do {
                return NeededFiles.shards(try HubCache.shards(ofIndex: path), of: index)
            } catch {
                throw HubError.badAnswer(endpoint: settings.endpoint, reason: "\(index): \(error)")
            }
        }
        let rest = try known.filter { !indices.contains($0.path) } + describe(shards, commit)
        try take(rest, commit, tally)
        try cache.note(commit, of: reference)
        let all = known + rest.filter { !known.contains($0) }
        return Outcome(
            folder: cache.snapshot(reference, commit), commit: commit, files: all.count,
            bytes: all.reduce(0) { $0 + ($1.size ?? 0) }, received: tally.progress.received)
    }

    /// What the hub says of files, in their order.
    private func describe(_ paths: [String], _ commit: String) throws -> [HubClient.File] {
        let files = Mutex<[String: HubClient.File]>([:])
        try sideBySide(paths) { path, client in
            let file = try retried { try client.file(path, at: commit) }
            files.withLock { $0[path] = file }
        }
        return files.withLock { files in paths.compactMap { files[$0] } }
    }

    /// Sees to it that files are there, and linked to.
    private func take(_ files: [HubClient.File], _ commit: String, _ tally: Tally) throws {
        tally.expect(files.reduce(0) { $0 + ($1.size ?? 0) })
        let missing = files.filter { access("\(cache.folder(reference))/blobs/\($0.etag)", F_OK) != 0 }
        // Of what came before, at most all: the system has the last word.
        let needed = missing.reduce(0) { $0 + ($1.size ?? 0) - sizeSoFar($1) }
        guard needed <= cache.freeBytes else { throw HubError.diskFull(folder: cache.root, needed: needed) }
        // The largest first, so that the last one does not come alone.
        try sideBySide(files.sorted { ($0.size ?? 0) > ($1.size ?? 0) }) { file, client in
            let blob = try BlobFile(file, reference, cache)
            tally.found(blob.count)
            if !blob.isComplete { try fetch(blob, commit, client, tally) }
            try cache.link(file, reference, commit)
        }
    }

    private func sizeSoFar(_ file: HubClient.File) -> Int {
        var status = stat()
        let isThere = stat("\(cache.folder(reference))/blobs/\(file.etag).incomplete", &status) == 0
        return isThere ? min(Int(status.st_size), file.size ?? 0) : 0
    }

    private func fetch(_ blob: BlobFile, _ commit: String, _ client: HubClient, _ tally: Tally) throws {
        // What was left by others may be spoiled: then once more from the beginning.
        var mayBeSpoiled = blob.count > 0
        var failures = 0
        while true {
            let before = blob.count
            do {
                if before == 0 || !blob.isWhole {
                    try client.fetch(blob.file.path, at: commit, from: before) { position, bytes in
                        if position < blob.count { tally.found(-blob.count) }
                        try blob.add(bytes, at: position)
                        tally.receive(bytes.count)
                    }
                }
                let count = blob.count
                guard let problem = try blob.finish() else { return }
                tally.found(-count)
                guard mayBeSpoiled else { throw problem }
                mayBeSpoiled = false
            } catch let error as HubConnection.Broken {
                // Waits are counted anew where something came.
                failures = blob.count > before ? 0 : failures
                guard failures < settings.retries.count else { throw error }
                wait(settings.retries[failures])
                failures += 1
            }
        }
    }

    /// What `body` gives, at another try where the hub cannot be reached at the first.
    private func retried<Value>(_ body: () throws -> Value) throws -> Value {
        for delay in settings.retries.prefix(2) {
            do {
                return try body()
            } catch is HubConnection.Broken {
                wait(delay)
            }
        }
        return try body()
    }

    private func wait(_ time: Duration) { SystemThread.sleep(for: time) }

    /// Does the same with each item, some at once, each thread with connections of its own. After a failure nothing more is begun.
    private func sideBySide<Item: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item, HubClient) throws -> Void
    ) throws {
        let state = Mutex((next: 0, failure: (any Error)?.none))
        let group = DispatchGroup()
        for _ in 0..<min(Self.workers, items.count) {
            group.enter()
            SystemThread.start {
                defer { group.leave() }
                let client = HubClient(reference, settings)
                while let item = state.withLock({ state -> Item? in
                    guard state.failure == nil, state.next < items.count else { return nil }
                    defer { state.next += 1 }
                    return items[state.next]
                }) {
                    do {
                        try body(item, client)
                    } catch {
                        state.withLock { $0.failure = $0.failure ?? error }
                    }
                }
            }
        }
        group.wait()
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }
}

/// Counts the bytes of all files together.
private final class Tally: Sendable {
    private let state = Mutex(HubPull.Progress())
    private let report: @Sendable (HubPull.Progress) -> Void

    init(_ report: @escaping @Sendable (HubPull.Progress) -> Void) { self.report = report }

    var progress: HubPull.Progress { state.withLock { $0 } }

    /// So many more are to come.
    func expect(_ bytes: Int) { change { $0.total += bytes } }

    /// So many were there already; below zero, are not there any more.
    func found(_ bytes: Int) { change { $0.done += bytes } }

    /// So many came.
    func receive(_ bytes: Int) {
        change {
            $0.done += bytes
            $0.received += bytes
        }
    }

    private func change(_ change: (inout HubPull.Progress) -> Void) {
        report(
            state.withLock { state in
                change(&state)
                return state
            })
    }
}

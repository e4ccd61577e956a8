import ArgumentParser
import Dispatch
import JSON
import Retrieval

struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Time writing items that are on disk when acknowledged.",
        discussion: """
            Each writer stores its next item when the last one was acknowledged. Prints a line for each number of writers: \
            items per second, and how many of them shared a sync. The items go into the collection "bench".
            """)

    @Option(help: "Data folder, on the disk to be measured; made where it is missing.") var data: String
    @Option(help: "Writers at once; may be given several times.") var writers: [Int] = [1, 8, 64]
    @Option(help: "Items over all writers.") var items = 2000
    @Option(help: "Elements of a vector.") var dimensions = 256

    func validate() throws {
        guard writers.allSatisfy({ $0 > 0 }), items > 0, (1...Item.maxDimension).contains(dimensions) else {
            throw ValidationError("Every option must be at least 1, and --dimensions at most \(Item.maxDimension).")
        }
    }

    func run() throws {
        let store = try CollectionStore(folder: data, threads: 1)
        try store.load()
        for count in writers {
            let each = max(1, items / count)
            let commits = store.commitCount
            let start = ContinuousClock.now
            ClientThreads.run(count) { writer in
                for number in 0..<each { Self.put("\(writer)-\(number)", dimensions, store) }
            }
            let seconds = start.duration(to: .now) / .seconds(1)
            let stored = each * count
            var json = JSONWriter()
            try json.object { json throws(JSONError) in
                json.field("writers", count)
                json.field("items", stored)
                try json.field("seconds", seconds)
                try json.field("items_per_second", Double(stored) / seconds)
                try json.field("items_per_sync", Double(stored) / Double(store.commitCount - commits))
            }
            try StandardOutput.print(json.text)
        }
        store.close()
    }

    /// Stores one item and waits until it is on disk.
    private static func put(_ name: String, _ dimensions: Int, _ store: CollectionStore) {
        let done = DispatchSemaphore(value: 0)
        do {
            guard let id = ItemID(name) else { return }
            let vector = (0..<dimensions).map { Float(($0 * 31 + name.utf8.count * 7) % 101) - 50 }
            let item = try Item(id: id, kind: .embedding, vector: vector, metadata: JSONObject())
            try store.put(item, into: "bench", from: .client(serving: nil)) { result in
                if case .failure(let error) = result { StandardError.write("sensorium: \(error)") }
                done.signal()
            }
            done.wait()
        } catch {
            StandardError.write("sensorium: \(error)")
        }
    }
}

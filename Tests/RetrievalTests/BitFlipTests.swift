import Foundation
import TemporaryFolders
import Testing

@testable import Retrieval

/// One bit of a data folder is not as it was written: that is found, or makes no difference.
@Suite struct `A flipped bit` {
    /// How many are tried; 1,000 with `SENSORIUM_FLIPS=1000`.
    private static let trials = ProcessInfo.processInfo.environment["SENSORIUM_FLIPS"].flatMap { Int($0) } ?? 200
    private static let files = ["collections.sqlite", "collections.sqlite-wal", "collections.sqlite-shm", "manifest"]

    @Test(arguments: [false, true])
    func `is found or harmless, wherever it is`(wasKilled: Bool) async throws {
        let folder = try TemporaryFolder()
        let original = try await Self.fill(folder, killed: wasKilled)
        var samples = Samples(seed: wasKilled ? 2 : 1)
        var found = 0
        for _ in 0..<Self.trials {
            let copy = try TemporaryFolder()
            try folder.copy(to: copy)
            let flip = try Self.flip(in: copy, &samples)
            let faults = try CollectionStore.check(folder: copy.path).faults
            do {
                for _ in 0..<2 {
                    let store = try copy.store(threads: 1, limits: .withoutReserve)
                    let read = try await StoredContent(of: store)
                    #expect(read == original, "\(flip)")
                    store.close()
                }
                #expect(faults.isEmpty, "\(flip)")
            } catch let error as RetrievalError {
                found += 1
                #expect(!faults.isEmpty, "\(flip): \(error)")
            }
        }
        // The others are in parts of pages, and of the log, that nothing is read from.
        #expect(found > Self.trials / 8)
    }

    /// Fills a folder and leaves it as closing does, or as a kill does.
    private static func fill(_ folder: TemporaryFolder, killed: Bool) async throws -> StoredContent {
        let live = killed ? try TemporaryFolder() : folder
        let store = try live.store(threads: 1, limits: .withoutReserve)
        for number in 0..<40 {
            let padding = String(repeating: "x", count: number * 91 % 700)
            _ = try await store.put(
                item("item-\(number)", [Float(number), 1, 2, 3], ["padding": .string(padding)]),
                into: number % 3 == 0 ? "thirds" : "others", from: client)
        }
        for number in [4, 5, 6, 13] {
            try await store.remove(ItemID(stored: "item-\(number)"), from: number % 3 == 0 ? "thirds" : "others")
        }
        let content = try await StoredContent(of: store)
        if killed { try live.copy(to: folder) }
        store.close()
        return content
    }

    private static func flip(in folder: TemporaryFolder, _ samples: inout Samples) throws -> String {
        let lengths = files.map { DataFolder.length(of: folder.path + "/" + $0) ?? 0 }
        var position = samples.number(below: lengths.reduce(0, +))
        var file = 0
        while position >= lengths[file] {
            position -= lengths[file]
            file += 1
        }
        let url = URL(filePath: folder.path + "/" + files[file])
        var bytes = try Data(contentsOf: url)
        let bit = samples.number(below: 8)
        bytes[position] ^= 1 << bit
        try bytes.write(to: url)
        return "bit \(bit) of byte \(position) of \(files[file])"
    }
}

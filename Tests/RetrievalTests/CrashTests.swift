import CrashWriter
import Foundation
import TemporaryFolders
import Testing

@testable import Retrieval

/// A process that writes is killed at any moment; what it acknowledged must be there afterwards.
@Suite struct `A kill` {
    private static let writers = 4
    private static let program = URL(filePath: ("/proc/self/exe" as NSString).resolvingSymlinksInPath)
        .deletingLastPathComponent().appending(path: "CrashWriter")

    @Test func `100 kills at any moment lose no acknowledged item`() async throws {
        let folder = try TemporaryFolder()
        var samples = Samples(seed: 9)
        // The number of the last step of each writer that was acknowledged.
        var last = [Int](repeating: -1, count: Self.writers)
        for _ in 0..<100 {
            try kill(folder, after: samples.number(below: 60), &last)
            try await check(folder, last)
        }
        #expect(last.allSatisfy { $0 > 100 }, "\(last)")
    }

    /// Lets the process write until so many steps were acknowledged, and kills it wherever it is then.
    private func kill(_ folder: TemporaryFolder, after steps: Int, _ last: inout [Int]) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = Self.program
        process.arguments = [folder.path] + last.map { String($0 + 1) }
        process.standardOutput = output
        try process.run()
        var text = Substring()
        var seen = 0
        while seen <= steps {
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "the writer ended by itself")
            text += String(decoding: more, as: UTF8.self)
            seen += more.count { $0 == 0x0A }
        }
        Glibc.kill(process.processIdentifier, SIGKILL)
        text += String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
        for line in text.split(separator: "\n") {
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            try #require(numbers.count == 2)
            #expect(numbers[1] == last[numbers[0]] + 1)
            last[numbers[0]] = numbers[1]
        }
    }

    private func check(_ folder: TemporaryFolder, _ last: [Int]) async throws {
        // No file is missed that a kill leaves as it is.
        #expect(try CollectionStore.check(folder: folder.path).faults.isEmpty)
        let store = try folder.store(threads: 1)
        defer { store.close() }
        for (writer, last) in last.enumerated() {
            for number in max(0, last - Step.items + 1)...max(0, last) where last >= 0 {
                let step = Step(writer: writer, number: number)
                let stored = try? await store.item(step.id, of: "crash")
                if try stored == step.item { continue }
                // The next step may have been done without having been acknowledged.
                let next = Step(writer: writer, number: last + 1)
                #expect(try next.id == step.id && stored == next.item, "writer \(writer) lost step \(number)")
            }
        }
    }
}

import CrashWriter
import Foundation
import TemporaryFolders
import Testing

@testable import Retrieval

/// On a disk without room something can still be removed, and then there is room again.
@Suite struct `A full disk` {
    private static let program = URL(filePath: ("/proc/self/exe" as NSString).resolvingSymlinksInPath)
        .deletingLastPathComponent().appending(path: "CrashWriter")
    private static let expected =
        "stored true, refused as full true\nremoved\nstored again true\nleft 0\n"

    /// The end of a file that may grow no further is to SQLite what the end of a disk is.
    @Test func `where no file may have more than 2 MiB`() throws {
        let folder = try TemporaryFolder()
        let outcome = try Self.shell(
            "trap '' XFSZ; ulimit -f 2048; exec '\(Self.program.path)' full '\(folder.path)/data'")
        #expect(outcome == Self.expected)
        #expect(try CollectionStore.check(folder: folder.path + "/data").faults.isEmpty)
    }

    @Test(.enabled(if: TinyDisk.isAllowed, "it takes the right to mount"))
    func `where the disk has 40 MiB, and none is left`() throws {
        let disk = try TinyDisk(megabytes: 40)
        let outcome = try Self.shell("exec '\(Self.program.path)' full '\(disk.path)/data'")
        #expect(outcome == Self.expected)
        #expect(try CollectionStore.check(folder: disk.path + "/data").faults.isEmpty)
    }

    @Test(.enabled(if: TinyDisk.isAllowed, "it takes the right to mount"))
    func `where others take the last block, while it is full and over a restart`() async throws {
        let disk = try TinyDisk(megabytes: 40)
        let path = disk.path + "/data"
        var store = try CollectionStore(folder: path, threads: 1)
        try store.load()
        for number in 0..<300 { _ = try await store.put(item("\(number)", [1, 2]), into: "c", from: client) }
        try disk.fill()
        try await store.remove(ItemID(stored: "0"), from: "c")
        #expect(DataFolder.length(of: path + "/reserve") == CollectionStore.Limits().reserve)
        store.close()
        try disk.fill()
        store = try CollectionStore(folder: path, threads: 1)
        try store.load()
        for number in 1..<300 { try await store.remove(ItemID(stored: "\(number)"), from: "c") }
        #expect(store.collections.map(\.items) == [0])
        store.close()
        #expect(try CollectionStore.check(folder: path).faults.isEmpty)
    }

    private static func shell(_ command: String) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", command]
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text
    }
}

/// A disk of its own in memory, which goes with the value.
final class TinyDisk {
    let path: String
    private let folder: TemporaryFolder

    init(megabytes: Int) throws {
        folder = try TemporaryFolder()
        path = folder.path
        try #require(Self.run("/bin/mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0700", "tmpfs", path))
    }

    deinit { _ = Self.run("/bin/umount", path) }

    /// Whether this process may mount one.
    static let isAllowed = getuid() == 0 && (try? TinyDisk(megabytes: 1)) != nil

    /// Takes up what room there is.
    func fill() throws {
        let file = FileHandle(fileDescriptor: open(path + "/filler", O_WRONLY | O_CREAT | O_APPEND, 0o600))
        for size in [1 << 20, 4096, 1] {
            while (try? file.write(contentsOf: Data(count: size))) != nil {}
        }
        try file.close()
    }

    private static func run(_ program: String, _ arguments: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

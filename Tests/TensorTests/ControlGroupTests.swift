import Foundation
import Testing

@testable import Tensor

@Suite final class `Control group` {
    private let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    deinit { try? FileManager.default.removeItem(at: root) }

    private func write(_ path: String, _ text: String) throws {
        let url = root.appending(path: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func group(_ membership: String) throws -> ControlGroup {
        try write("membership", membership)
        return ControlGroup(root: root.path, membership: root.appending(path: "membership").path)
    }

    @Test func `the quota of a group or one above bounds the threads, rounded down`() throws {
        let threads = { (membership: String) in
            ComputePool.availableThreads(allowedCPUs: 8, group: try self.group(membership))
        }
        try write("a/cpu.max", "765000 100000\n")
        try write("a/b/cpu.max", "max 100000\n")
        try write("half/cpu.max", "50000 100000\n")
        try write("wrong/cpu.max", "plenty\n")
        try write("cpu/docker/cpu.cfs_quota_us", "250000\n")
        try write("cpu/docker/cpu.cfs_period_us", "100000\n")
        try write("cpu/cpu.cfs_quota_us", "-1\n")
        try write("cpu/cpu.cfs_period_us", "100000\n")
        #expect(try threads("0::/a/b\n") == 7)
        #expect(try threads("0::/half\n") == 1)
        #expect(try threads("0::/wrong\n") == 8)
        #expect(try threads("12:memory:/a\n4:cpu,cpuacct:/docker\n") == 2)
        #expect(try threads("") == 8)
        #expect(ComputePool.availableThreads() >= 1)
    }

    @Test func `the tightest limit on memory counts, of the group and of all above it, in both versions`() throws {
        let bytes = { (membership: String) in try self.group(membership).memory()?.bytes }
        try write("a/memory.max", "400000000\n")
        try write("a/memory.high", "max\n")
        try write("a/b/memory.max", "max\n")
        try write("a/b/memory.high", "300000000\n")
        try write("a/c/memory.max", "500000000\n")
        try write("none/memory.max", "max\n")
        try write("wrong/memory.max", "-1\n")
        try write("memory/memory.limit_in_bytes", "9223372036854771712\n")
        try write("memory/docker/memory.limit_in_bytes", "200000000\n")
        #expect(try bytes("0::/a\n") == 400_000_000)
        #expect(try bytes("0::/a/b\n") == 300_000_000)
        #expect(try bytes("0::/a/c\n") == 400_000_000)
        #expect(try bytes("0::/none\n") == nil)
        #expect(try bytes("0::/wrong\n") == nil)
        #expect(try bytes("3:cpu:/a\n4:memory:/docker/below\n") == 200_000_000)
        #expect(try bytes("4:memory:/\n") == nil)
        #expect(try bytes("4:cpu:/docker\n0::/\n") == nil)
        #expect(try group("0::/a/b/c\n").memory()?.source == root.path + "/a/b/memory.high")
    }

    @Test func `a path that only the host sees leads to the root, which is the container's own group`() throws {
        try write("memory.max", "100000000\n")
        #expect(try group("0::/system.slice/docker-1.scope\n").memory()?.bytes == 100_000_000)
    }
}

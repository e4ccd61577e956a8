import TemporaryFolders
import Testing

@testable import Service

@Suite struct ProcessStatisticsTests {
    @Test func `the kernel's files are read`() throws {
        let folder = try TemporaryFolder()
        try folder.write("2000 500 100 1 0 900 0\n", to: "proc/self/statm")
        try folder.write(
            "42 (a b) c) S 1 42 42 0 -1 4194304 1 0 0 0 250 150 0 0 30 10 7 0 5000 8192 500 1\n", to: "proc/self/stat")
        try folder.write("cpu 1 2 3\nbtime 1700000000\n", to: "proc/stat")
        try folder.write("0::/kubepods/pod1\n", to: "proc/self/cgroup")
        try folder.write("usage_usec 9\nthrottled_usec 2500000\n", to: "sys/fs/cgroup/kubepods/pod1/cpu.stat")
        for descriptor in ["0", "1", "2", "3"] { try folder.write("", to: "proc/self/fd/\(descriptor)") }

        let statistics = ProcessStatistics.read(root: folder.path)
        // Pages of 4096 bytes and 100 ticks per second, as on every machine this runs on.
        #expect(statistics.virtualBytes == 2000 * 4096)
        #expect(statistics.residentBytes == 500 * 4096)
        #expect(statistics.cpuSeconds == 4)
        #expect(statistics.threads == 7)
        #expect(statistics.startSeconds == 1_700_000_050)
        #expect(statistics.openDescriptors == 3)
        #expect(statistics.throttledSeconds == 2.5)
    }

    @Test(arguments: [
        ("0::/\n", "cpu.stat", "throttled_usec 1500000"),
        ("0::/elsewhere\n", "cpu.stat", "throttled_usec 1500000"),
        ("4:memory:/m\n1:cpu:/a\n0::/\n", "cpu/a/cpu.stat", "nr_throttled 3\nthrottled_time 1500000000"),
        ("3:cpu,cpuacct:/a\n", "cpu,cpuacct/a/cpu.stat", "throttled_time 1500000000"),
        ("3:cpu,cpuacct:/docker/x\n", "cpu,cpuacct/cpu.stat", "throttled_time 1500000000"),
    ])
    func `throttling is found in either version of cgroups`(groups: String, file: String, content: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(groups, to: "proc/self/cgroup")
        try folder.write(content, to: "sys/fs/cgroup/\(file)")
        #expect(ProcessStatistics.read(root: folder.path).throttledSeconds == 1.5)
    }

    @Test func `what cannot be read is left out`() throws {
        let folder = try TemporaryFolder()
        try folder.write("damaged", to: "proc/self/stat")
        var statistics = ProcessStatistics.read(root: folder.path)
        statistics.maxDescriptors = nil
        #expect(statistics == ProcessStatistics())
        #expect(statistics.snapshots.isEmpty)
    }

    @Test func `this process has memory, a beginning and open files`() throws {
        let statistics = ProcessStatistics.read()
        #expect(try #require(statistics.residentBytes) > 1 << 20)
        #expect(try #require(statistics.startSeconds) > 1_700_000_000)
        #expect(try #require(statistics.openDescriptors) >= 3)
        #expect(try #require(statistics.cpuSeconds) >= 0)
    }
}

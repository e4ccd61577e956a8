import Glibc
import OperatingSystem

/// What the kernel says about this process, under the names that Prometheus client libraries use.
public struct ProcessStatistics: Sendable, Equatable {
    /// Memory that is in RAM, in bytes.
    public var residentBytes: Int?
    /// Memory that is mapped, in bytes.
    public var virtualBytes: Int?
    /// Processor time in user and kernel mode, in seconds.
    public var cpuSeconds: Double?
    /// Open file descriptors.
    public var openDescriptors: Int?
    /// Most open file descriptors allowed.
    public var maxDescriptors: Int?
    /// Threads.
    public var threads: Int?
    /// When the process began, in seconds since 1970.
    public var startSeconds: Double?
    /// How long the cgroup's processor quota has held the process up, in seconds; nil without a quota.
    public var throttledSeconds: Double?

    /// Reads everything that can be read.
    ///
    /// - Parameter root: what stands for `/`; tests give a folder with files as the kernel writes them.
    public static func read(root: String = "") -> ProcessStatistics {
        var statistics = ProcessStatistics()
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))

        let memory = (SmallFile.text(root + "/proc/self/statm") ?? "").split(separator: " ").map { Int($0) }
        if memory.count >= 2 {
            statistics.virtualBytes = memory[0].map { $0 * pageSize }
            statistics.residentBytes = memory[1].map { $0 * pageSize }
        }
        if let stat = SmallFile.text(root + "/proc/self/stat"), let name = stat.lastIndex(of: ")") {
            // The command's name may hold blanks and parentheses; what follows it begins with field 3.
            let fields = stat[stat.index(after: name)...].split(whereSeparator: \.isWhitespace)
            if fields.count > 19, let user = Double(fields[11]), let system = Double(fields[12]) {
                statistics.cpuSeconds = (user + system) / ticks
                statistics.threads = Int(fields[17])
                if let boot = bootSeconds(root), let start = Double(fields[19]) {
                    statistics.startSeconds = boot + start / ticks
                }
            }
        }
        // One of them is open only to look.
        statistics.openDescriptors = SmallFile.entryCount(root + "/proc/self/fd").map { max(0, $0 - 1) }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            statistics.maxDescriptors = Int(clamping: limit.rlim_cur)
        }
        statistics.throttledSeconds = throttledSeconds(root)
        return statistics
    }

    /// The statistics as metrics; what could not be read is left out.
    public var snapshots: [MetricSnapshot] {
        let rows: [(String, MetricDescription.Kind, String, Double?)] = [
            ("process_cpu_seconds_total", .counter, "Processor time in user and kernel mode.", cpuSeconds),
            ("process_resident_memory_bytes", .gauge, "Memory that is in RAM.", residentBytes.map(Double.init)),
            ("process_virtual_memory_bytes", .gauge, "Memory that is mapped.", virtualBytes.map(Double.init)),
            ("process_open_fds", .gauge, "Open file descriptors.", openDescriptors.map(Double.init)),
            ("process_max_fds", .gauge, "Most open file descriptors allowed.", maxDescriptors.map(Double.init)),
            ("process_threads", .gauge, "Threads.", threads.map(Double.init)),
            ("process_start_time_seconds", .gauge, "When the process began, since 1970.", startSeconds),
            (
                "sensorium_cgroup_throttled_seconds_total", .counter,
                "How long the cgroup's processor quota has held the process up.", throttledSeconds
            ),
        ]
        return rows.compactMap { name, kind, help, value in
            value.map { MetricSnapshot(MetricDescription(name, kind, help), $0) }
        }
    }

    private static func bootSeconds(_ root: String) -> Double? {
        let lines = (SmallFile.text(root + "/proc/stat") ?? "").split(separator: "\n")
        return lines.first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
    }

    /// Looks where cgroup version 2 and 1 keep the processor's statistics, in the process's own group and, as within a
    /// container's own namespace, at the top.
    private static func throttledSeconds(_ root: String) -> Double? {
        let groups = (SmallFile.text(root + "/proc/self/cgroup") ?? "").split(separator: "\n")
        var folders: [String] = []
        for group in groups {
            let fields = group.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[1].isEmpty {
                folders += ["\(fields[2])", ""]
            } else if fields[1].split(separator: ",").contains("cpu") {
                folders += ["/\(fields[1])\(fields[2])", "/cpu\(fields[2])", "/\(fields[1])", "/cpu"]
            }
        }
        for folder in folders {
            for line in (SmallFile.text("\(root)/sys/fs/cgroup\(folder)/cpu.stat") ?? "").split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count == 2, let value = Double(words[1]) else { continue }
                if words[0] == "throttled_usec" { return value / 1e6 }
                if words[0] == "throttled_time" { return value / 1e9 }
            }
        }
        return nil
    }
}

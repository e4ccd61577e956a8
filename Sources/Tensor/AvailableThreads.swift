import CKernels
import Glibc

extension ComputePool {
    /// Threads worth starting: the CPUs this process may run on, or the whole CPUs of its cgroup's quota if that is
    /// less (one thread too many makes the kernel throttle all of them); at least 1.
    public static func availableThreads() -> Int {
        availableThreads(
            allowedCPUs: Int(sensorium_allowed_cpus()), cgroupRoot: "/sys/fs/cgroup", membership: "/proc/self/cgroup")
    }

    /// The same from given sources: `cgroupRoot` holds cgroup version 2 files, or version 1 ones in `cpu/`, and
    /// `membership` has the form of /proc/self/cgroup.
    static func availableThreads(allowedCPUs: Int, cgroupRoot: String, membership: String) -> Int {
        var least = allowedCPUs
        for line in text(of: membership).split(separator: "\n") {
            // "0::/path" in version 2, "4:cpu,cpuacct:/path" in version 1.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isVersion2 = fields[0] == "0" && fields[1].isEmpty
            guard isVersion2 || fields[1].split(separator: ",").contains("cpu") else { continue }
            // A limit holds for everything below it, so every ancestor counts. Inside a container the path may name
            // a folder that only the host sees; the root is then the container's own group.
            var path = String(fields[2])
            while true {
                let folder = cgroupRoot + (isVersion2 ? "" : "/cpu") + (path == "/" ? "" : path)
                if let quota = isVersion2 ? quota2(folder) : quota1(folder) { least = min(least, Int(quota)) }
                guard path != "/", !path.isEmpty, let slash = path.lastIndex(of: "/") else { break }
                path = slash == path.startIndex ? "/" : String(path[..<slash])
            }
        }
        return max(1, least)
    }

    /// CPUs granted by cpu.max ("200000 100000", or "max 100000" for no limit).
    private static func quota2(_ folder: String) -> Double? {
        let words = text(of: folder + "/cpu.max").split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let quota = Double(words[0]), let period = Double(words[1]), period > 0 else {
            return nil
        }
        return quota / period
    }

    private static func quota1(_ folder: String) -> Double? {
        let quota = text(of: folder + "/cpu.cfs_quota_us").split(whereSeparator: \.isWhitespace).first
        let period = text(of: folder + "/cpu.cfs_period_us").split(whereSeparator: \.isWhitespace).first
        guard let quota = quota.flatMap({ Double($0) }), let period = period.flatMap({ Double($0) }), quota > 0,
            period > 0
        else { return nil }
        return quota / period
    }

    /// The first 4 KiB of a file, or nothing where it cannot be read.
    private static func text(of path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[0..<count], as: UTF8.self)
    }
}

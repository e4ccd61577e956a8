import Glibc

/// What the control groups (cgroups, versions 1 and 2) that a process is in let it have. A limit holds for everything below it, so
/// every group above counts as well.
public struct ControlGroup: Sendable {
    /// A limit and the file that it stands in.
    public struct Limit: Sendable, Equatable {
        /// Bytes.
        public let bytes: Int
        /// The path of the file.
        public let source: String

        /// A limit from a file.
        public init(bytes: Int, source: String) {
            self.bytes = bytes
            self.source = source
        }
    }

    private struct Folder {
        let path: String
        let isVersion2: Bool
    }

    private let root: String
    private let membership: String

    /// - Parameters:
    ///   - root: The folder with the files of version 2, or those of version 1 in folders of their own such as `cpu`.
    ///   - membership: A file like /proc/self/cgroup.
    public init(root: String = "/sys/fs/cgroup", membership: String = "/proc/self/cgroup") {
        self.root = root
        self.membership = membership
    }

    /// CPUs granted; nil where there is no limit.
    func cpus() -> Double? {
        folders(of: "cpu").compactMap { $0.isVersion2 ? quota2($0.path) : quota1($0.path) }.min()
    }

    /// The tightest limit on memory, of those that kill (`memory.max`, `memory.limit_in_bytes`) and those that slow down
    /// (`memory.high`); nil where there is none.
    public func memory() -> Limit? {
        let limits = folders(of: "memory").flatMap { folder in
            (folder.isVersion2 ? ["memory.max", "memory.high"] : ["memory.limit_in_bytes"]).compactMap { name in
                limit("\(folder.path)/\(name)")
            }
        }
        return limits.min { $0.bytes < $1.bytes }
    }

    /// The folders of the groups that this process is in, as far as a controller is concerned.
    private func folders(of controller: String) -> [Folder] {
        var folders: [Folder] = []
        for line in text(of: membership).split(separator: "\n") {
            // "0::/path" in version 2, "4:cpu,cpuacct:/path" in version 1.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isVersion2 = fields[0] == "0" && fields[1].isEmpty
            guard isVersion2 || fields[1].split(separator: ",").contains(Substring(controller)) else { continue }
            // Inside a container the path may name a folder that only the host sees; the root is then the container's own group.
            var path = String(fields[2])
            while true {
                let folder = root + (isVersion2 ? "" : "/\(controller)") + (path == "/" ? "" : path)
                folders.append(Folder(path: folder, isVersion2: isVersion2))
                guard path != "/", !path.isEmpty, let slash = path.lastIndex(of: "/") else { break }
                path = slash == path.startIndex ? "/" : String(path[..<slash])
            }
        }
        return folders
    }

    /// CPUs granted by cpu.max ("200000 100000", or "max 100000" for no limit).
    private func quota2(_ folder: String) -> Double? {
        let words = text(of: folder + "/cpu.max").split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let quota = Double(words[0]), let period = Double(words[1]), period > 0 else {
            return nil
        }
        return quota / period
    }

    private func quota1(_ folder: String) -> Double? {
        guard let quota = number(folder + "/cpu.cfs_quota_us"), let period = number(folder + "/cpu.cfs_period_us"),
            quota > 0, period > 0
        else { return nil }
        return Double(quota) / Double(period)
    }

    /// Without a limit, a file says "max", or in version 1 the largest number of whole pages.
    private func limit(_ path: String) -> Limit? {
        guard let bytes = number(path), (1..<1 << 60).contains(bytes) else { return nil }
        return Limit(bytes: bytes, source: path)
    }

    private func number(_ path: String) -> Int? {
        text(of: path).split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
    }

    /// The first 4 KiB of a file, or nothing where it cannot be read.
    private func text(of path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[0..<count], as: UTF8.self)
    }
}

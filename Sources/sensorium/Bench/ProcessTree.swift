import OperatingSystem
import Synchronization

/// A process and its children, as /proc shows them.
struct ProcessTree: Sendable {
    let pid: Int

    /// Resident bytes of the process alone; nil where it has ended.
    var residentBytes: Int? { Self.bytes("VmRSS", of: pid) }

    /// Resident bytes of the process and those of its children that they do not share with it: their pages of the program are
    /// counted once.
    var residentBytesWithChildren: Int? {
        guard let own = residentBytes else { return nil }
        return children.reduce(own) { sum, child in
            sum + max(0, (Self.bytes("VmRSS", of: child) ?? 0) - (Self.bytes("RssFile", of: child) ?? 0))
        }
    }

    /// Its children, whichever of its threads started them.
    var children: [Int] {
        let threads = (try? Folder.entries("/proc/\(pid)/task")) ?? []
        return threads.flatMap { thread in
            let text = SmallFile.text("/proc/\(pid)/task/\(thread)/children") ?? ""
            return text.split(separator: " ").compactMap { Int($0) }
        }
    }

    private static func bytes(_ field: String, of pid: Int) -> Int? {
        guard let status = SmallFile.text("/proc/\(pid)/status"),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix(field + ":") }),
            let number = Int(line.filter(\.isNumber))
        else { return nil }
        return number << 10
    }
}

/// The most that a figure comes to while something runs, looked at fifty times a second.
enum Peak {
    /// Runs `body`, and gives what it gave with the largest of `figure`.
    static func of<Result>(
        _ figure: @escaping @Sendable () -> Int?, during body: () throws -> Result
    ) rethrows -> (result: Result, peak: Int) {
        let peak = Mutex(figure() ?? 0)
        let isOver = Atomic(false)
        SystemThread.start {
            while !isOver.load(ordering: .relaxed) {
                let now = figure() ?? 0
                peak.withLock { $0 = max($0, now) }
                SystemThread.sleep(for: .milliseconds(20))
            }
        }
        defer { isOver.store(true, ordering: .relaxed) }
        let result = try body()
        return (result, peak.withLock(\.self))
    }
}

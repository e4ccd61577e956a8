import Glibc
import OperatingSystem

/// What answers that nobody reads cost.
enum UnreadCost {
    private static let bound = 64e6

    /// Probes and memory while the crowd is there.
    static func figures(_ server: ServerUnderAttack, _ plan: Crowd.Plan) throws -> [Figure] {
        let tree = server.tree
        let idle = tree.residentBytes ?? 0
        let kernel = kernelBytes() ?? 0
        let (measured, peak) = try Peak.of({ tree.residentBytes }) {
            try Peak.of(kernelBytes) { try Crowd.beside(server.target, plan) { try server.probes() } }
        }
        let probes = measured.result.result
        return [
            Figure("probes p99", probes.latency(0.99) ?? .infinity, "ms", .atMost(20)),
            .refused("probes", probes),
            Figure("memory over idle", Double(peak - idle) / 1e6, "MB", .atMost(bound / 1e6)),
            Figure(
                "the kernel's memory for connections over idle", Double(measured.peak - kernel) / 1e6, "MB",
                .atMost(bound / 1e6)),
        ]
    }

    /// What the kernel holds for all TCP connections of this machine.
    private static func kernelBytes() -> Int? {
        guard let text = SmallFile.text("/proc/net/sockstat"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("TCP:") }),
            let pages = line.split(separator: " ").last.flatMap({ Int($0) })
        else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}

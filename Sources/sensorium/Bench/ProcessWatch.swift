import Glibc
import JSON
import OperatingSystem
import Synchronization

/// Memory and open descriptors of a process over time, read from /proc.
final class ProcessWatch: Sendable {
    private struct Sample {
        let requests: Int
        let residentKiB: Int
        let descriptors: Int
    }

    private let pid: Int
    private let samples = Mutex<[Sample]>([])

    init(_ pid: Int) { self.pid = pid }

    /// Notes the state after so many requests.
    func sample(after requests: Int) {
        guard let sample = read(requests) else { return }
        samples.withLock { $0.append(sample) }
    }

    /// Notes the state once the server has closed what clients left, for which it gets a few seconds.
    func sampleAtRest(after requests: Int) {
        let start = samples.withLock { $0.first?.descriptors ?? 0 }
        for _ in 0..<50 {
            guard let now = read(requests), now.descriptors > start else { break }
            SystemThread.sleep(for: .milliseconds(100))
        }
        sample(after: requests)
    }

    /// Descriptors open at the end beyond those at the start.
    var leakedDescriptors: Int {
        samples.withLock { ($0.last?.descriptors ?? 0) - ($0.first?.descriptors ?? 0) }
    }

    func write(to json: inout JSONWriter) throws(JSONError) {
        let samples = samples.withLock { $0.sorted { $0.requests < $1.requests } }
        guard let first = samples.first, let last = samples.last else { return }
        let settled = samples.filter { $0.requests >= last.requests / 5 }
        json.field("rss_before_bytes", first.residentKiB << 10)
        json.field("rss_after_fifth_bytes", (settled.first?.residentKiB ?? 0) << 10)
        json.field("rss_after_bytes", last.residentKiB << 10)
        json.field("rss_peak_bytes", (samples.map(\.residentKiB).max() ?? 0) << 10)
        try json.field("rss_slope_bytes_per_request", Self.slope(settled) * 1024)
        json.field("descriptors_before", first.descriptors)
        json.field("descriptors_after", last.descriptors)
        json.field("descriptors_peak", samples.map(\.descriptors).max() ?? 0)
    }

    /// Least squares of resident KiB over requests.
    private static func slope(_ samples: [Sample]) -> Double {
        let count = Double(samples.count)
        let meanX = samples.reduce(0) { $0 + Double($1.requests) } / max(1, count)
        let meanY = samples.reduce(0) { $0 + Double($1.residentKiB) } / max(1, count)
        let spread = samples.reduce(0) { $0 + pow(Double($1.requests) - meanX, 2) }
        let product = samples.reduce(0) { $0 + (Double($1.requests) - meanX) * (Double($1.residentKiB) - meanY) }
        return spread > 0 ? product / spread : 0
    }

    private func read(_ requests: Int) -> Sample? {
        guard let resident = ProcessTree(pid: pid).residentBytes,
            let descriptors = SmallFile.entryCount("/proc/\(pid)/fd")
        else { return nil }
        return Sample(requests: requests, residentKiB: resident >> 10, descriptors: descriptors)
    }
}

/// Octets on their way to the kernel, in order. Small pieces share a buffer that is reused; large ones are queued uncopied.
struct OutputQueue {
    private static let copied = 16 << 10
    private static let kept = 16 << 10

    private var segments: [[UInt8]] = [[]]
    private var first = 0
    private var offset = 0

    /// Octets waiting.
    private(set) var count = 0
    /// Octets of memory that they take: a piece is let go when all of it was taken away.
    var held: Int { isEmpty ? 0 : count + offset }
    /// Octets ever appended: the position behind the last one.
    private(set) var appended = 0
    /// Octets ever taken away.
    var removed: Int { appended - count }

    var isEmpty: Bool { count == 0 }

    /// Lets `body` append to the buffer at the end.
    mutating func write(_ body: (inout [UInt8]) -> Void) {
        if segments[segments.count - 1].count > Self.copied { segments.append([]) }
        let last = segments.count - 1
        let before = segments[last].count
        body(&segments[last])
        let added = segments[last].count - before
        count += added
        appended += added
    }

    mutating func append(_ bytes: [UInt8]) {
        if bytes.count <= Self.copied {
            write { $0.append(contentsOf: bytes) }
        } else {
            segments.append(bytes)
            segments.append([])
            count += bytes.count
            appended += bytes.count
        }
    }

    /// Gives the first waiting piece to `body`, with whether more wait behind it, and removes as many octets as it returns.
    mutating func drain(_ body: (UnsafeRawBufferPointer, _ more: Bool) -> Int) -> Int {
        while first < segments.count - 1, offset == segments[first].count {
            segments[first] = []
            first += 1
            offset = 0
        }
        if first > 32 {
            segments.removeFirst(first)
            first = 0
        }
        let length = segments[first].count - offset
        let taken = segments[first].withUnsafeBytes { bytes in
            body(UnsafeRawBufferPointer(rebasing: bytes[offset...]), count > length)
        }
        offset += taken
        count -= taken
        if count == 0 { reset() }
        return taken
    }

    /// Forgets what waits.
    mutating func removeAll() {
        appended -= count
        count = 0
        reset()
    }

    private mutating func reset() {
        if segments.count > 1 || segments[0].capacity > Self.kept {
            segments = [[]]
        } else {
            segments[0].removeAll(keepingCapacity: true)
        }
        first = 0
        offset = 0
    }
}

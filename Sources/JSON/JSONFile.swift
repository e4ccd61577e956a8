import Glibc

extension JSONValue {
    /// Reads one JSON text from a file; see ``init(parsing:limits:)-([UInt8],_)``.
    public init(contentsOf path: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        try self.init(parsing: Self.read(path, limit: limits.bytes), limits: limits)
    }

    /// The bytes of a regular file of no more than `limit`.
    public static func bytes(of path: String, limit: Int) throws(JSONError) -> [UInt8] {
        try read(path, limit: limit)
    }

    private static func read(_ path: String, limit: Int) throws(JSONError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable() }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable() }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(reason: "it is not a regular file") }
        let size = Int(status.st_size)
        if size > limit { throw .tooLarge(bytes: size, limit: limit) }
        var bytes = [UInt8](repeating: 0, count: size)
        var count = 0
        while count < size {
            let part = bytes.withUnsafeMutableBytes { buffer in
                // In bounds: `count` is less than the size of the buffer, and at most the rest of it is written.
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
            }
            if part < 0, errno == EINTR { continue }
            if part < 0 { throw unreadable() }
            if part == 0 { break }
            count += part
        }
        bytes.removeSubrange(count...)
        return bytes
    }

    private static func unreadable() -> JSONError {
        .unreadable(reason: String(cString: strerror(errno)))
    }
}

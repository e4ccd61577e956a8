import Glibc

/// Files of a few kilobytes, read and written whole: the kernel's, those an operator writes, and what is noted beside larger ones.
public enum SmallFile {
    /// Most bytes read. What is longer was not meant to be read this way.
    public static let maxBytes = 1 << 20

    /// Why a file was not read or written.
    public enum Failure: Error, Equatable {
        /// The system refused with this error number.
        case system(Int32)
        /// It is a folder, a pipe, a device or a socket.
        case notRegular
        /// The file is longer than `maxBytes`.
        case tooLarge
    }

    /// The file's bytes. Links are followed: that is how secrets are mounted into containers.
    public static func bytes(_ path: String) throws(Failure) -> [UInt8] {
        // A pipe that nobody writes to must not hold up whoever opens it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw .system(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(errno) }
            guard count > 0 else { return content }
            guard content.count + count <= maxBytes else { throw .tooLarge }
            content += buffer[..<count]
        }
    }

    /// The file's text, nil if it cannot be read.
    public static func text(_ path: String) -> String? {
        (try? bytes(path)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// How many entries a folder has, nil if it cannot be read.
    public static func entryCount(_ path: String) -> Int? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // `.` and `..` are no entries.
        return max(0, count - 2)
    }

    /// Writes a text in the place of what the file had; what was written of it before a failure stays.
    public static func write(_ text: String, to path: String) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .system(errno) }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(errno) }
            rest = rest.dropFirst(count)
        }
    }
}

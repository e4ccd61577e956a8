import Glibc
import OperatingSystem
import Synchronization

/// Why a file of API keys cannot be used.
public enum APIKeysError: Error, Sendable, Equatable {
    /// The file cannot be read.
    case unreadable(path: String, reason: String)
    /// It holds no key, so that nobody could ask anything.
    case empty(path: String)
    /// Its last line has no end: it was cut, or is still being written.
    case unfinished(path: String)
    /// A line is no key.
    case invalidKey(path: String, line: Int, reason: String)
    /// A key stands there twice.
    case duplicate(path: String, line: Int, first: Int)
}

extension APIKeysError: CustomStringConvertible {
    /// A sentence for a person. Never contains a key.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "the API keys in \(path) cannot be read: \(reason)"
        case .empty(let path):
            "\(path) holds no API key; write one per line, or leave --api-keys out to serve everybody"
        case .unfinished(let path):
            "the last line of \(path) does not end in a line feed, so that its key may be cut; end it, and write the file "
                + "anew beside the old one and rename it, so that it is never read half"
        case .invalidKey(let path, let line, let reason):
            "line \(line) of \(path) is no API key: it \(reason)"
        case .duplicate(let path, let line, let first):
            "line \(line) of \(path) repeats the API key of line \(first)"
        }
    }
}

/// The API keys of a regular file: one per line, each line with its line feed; blank lines and lines that begin with `#` do not count.
///
/// A key is 16 to 256 visible ASCII characters. Comparing takes the same time whatever was presented, its length included.
public final class APIKeys: Sendable {
    /// Shortest and longest key.
    public static let lengths = 16...256

    /// Stands for a key where the key itself must not be shown. Differs from process to process.
    public struct Identity: Hashable, Sendable {
        let number: Int
    }

    private struct Key {
        /// The characters, filled up with zeros to the longest length, and the length.
        let padded: [UInt8]
        let identity: Identity
    }

    private let path: String
    private let keys: Mutex<[Key]>

    /// Reads a file of keys.
    public init(path: String) throws(APIKeysError) {
        self.path = path
        keys = Mutex(try Self.read(path))
    }

    /// How many keys there are.
    public var count: Int { keys.withLock { $0.count } }

    /// Reads the file again (on SIGHUP). If it cannot be used, the keys stay as they are.
    public func reload() throws(APIKeysError) {
        let fresh = try Self.read(path)
        keys.withLock { $0 = fresh }
    }

    /// Which key this is, nil if none.
    public func identify(_ presented: String) -> Identity? {
        let padded = Self.padded(presented.utf8)
        let keys = keys.withLock { $0 }
        var identity: Identity?
        // Every key is compared to its end, so that time does not tell how much was right.
        for key in keys where Self.areEqual(key.padded, padded) { identity = key.identity }
        return identity
    }

    /// Which key an `Authorization` field presents as `Bearer` (RFC 6750), nil if none.
    public func identify(authorization: String?) -> Identity? {
        guard let authorization, authorization.utf8.count > 7, authorization.prefix(7).lowercased() == "bearer " else {
            return nil
        }
        let token = authorization.dropFirst(7).drop { $0 == " " }
        return identify(String(token))
    }

    private static func read(_ path: String) throws(APIKeysError) -> [Key] {
        let bytes: [UInt8]
        do throws(SmallFile.Failure) {
            bytes = try SmallFile.bytes(path)
        } catch {
            switch error {
            case .system(let number): throw .unreadable(path: path, reason: String(cString: strerror(number)))
            case .notRegular: throw .unreadable(path: path, reason: "it is not a regular file")
            case .tooLarge: throw .unreadable(path: path, reason: "it has more than \(SmallFile.maxBytes) bytes")
            }
        }
        if let last = bytes.last, last != 0x0A { throw .unfinished(path: path) }
        var keys: [Key] = []
        var lines: [[UInt8]: Int] = [:]
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let blanks: Set<UInt8> = [0x20, 0x09, 0x0D]
            guard let first = line.firstIndex(where: { !blanks.contains($0) }),
                let last = line.lastIndex(where: { !blanks.contains($0) }), line[first] != UInt8(ascii: "#")
            else { continue }
            let text = line[first...last]
            guard text.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw .invalidKey(
                    path: path, line: index + 1, reason: "holds blanks or characters other than visible ASCII")
            }
            guard lengths.contains(text.count) else {
                throw .invalidKey(
                    path: path, line: index + 1,
                    reason: "has \(text.count) characters, not \(lengths.lowerBound) to \(lengths.upperBound)")
            }
            if let first = lines[Array(text)] { throw .duplicate(path: path, line: index + 1, first: first) }
            lines[Array(text)] = index + 1
            var hasher = Hasher()
            hasher.combine(Array(text))
            keys.append(Key(padded: padded(text), identity: Identity(number: hasher.finalize())))
        }
        guard !keys.isEmpty else { throw .empty(path: path) }
        return keys
    }

    /// The bytes in an array of constant size, with their count; what is too long to be a key becomes what no key can be.
    private static func padded(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: lengths.upperBound)
        for (index, byte) in bytes.prefix(lengths.upperBound).enumerated() { result[index] = byte }
        // One byte tells lengths apart, for keys have at most 256 characters and at least 16; longer ones become 0.
        result.append(lengths.contains(bytes.count) ? UInt8(bytes.count - lengths.lowerBound + 1) : 0)
        return result
    }

    private static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

import Glibc
import JSON

/// What tells an unchanged file: its size and when it was changed.
public struct FileStamp: Sendable, Equatable {
    /// Its size.
    public let bytes: Int
    /// Milliseconds since 1970.
    public let modified: Int

    /// A stamp of those values.
    public init(bytes: Int, modified: Int) {
        self.bytes = bytes
        self.modified = modified
    }

    /// The stamp of a file, of which the system says that.
    init(_ status: stat) {
        bytes = Int(status.st_size)
        // A time beyond what milliseconds can count to is the last that they can.
        let seconds = max(Int.min / 1000 + 1, min(status.st_mtim.tv_sec, Int.max / 1000 - 1))
        modified = seconds * 1000 + status.st_mtim.tv_nsec / 1_000_000
    }

    /// Whether a file with the one may be as it was with the other. A millisecond is nothing: a time that went through a
    /// floating-point number is rounded.
    public func fits(_ other: FileStamp) -> Bool {
        // Either may be any number: metadata come from clients.
        let (difference, overflows) = modified.subtractingReportingOverflow(other.modified)
        return bytes == other.bytes && !overflows && difference.magnitude <= 1
    }
}

/// What an item's metadata say of the file that it was made of.
public struct IndexedOrigin: Sendable, Equatable {
    /// `.image` or `.audio`.
    public let kind: ItemKind
    /// How the file was.
    public let stamp: FileStamp

    /// The origin with those values.
    public init(kind: ItemKind, stamp: FileStamp) {
        self.kind = kind
        self.stamp = stamp
    }

    /// The origin in an item's metadata; nil for an item that was made of no file of a folder.
    public init?(_ metadata: JSONObject) {
        guard case .string(let name)? = metadata["kind"], let kind = ItemKind(rawValue: name),
            case .string? = metadata["path"], case .integer(let bytes)? = metadata["bytes"],
            case .integer(let modified)? = metadata["modified"]
        else { return nil }
        self.init(kind: kind, stamp: FileStamp(bytes: bytes, modified: modified))
    }

    /// Whether a file with the one may be that with the other, at whatever place it is.
    func fits(_ other: IndexedOrigin) -> Bool { kind == other.kind && stamp.fits(other.stamp) }

    /// What is kept with the item of a file: its kind, which filters cannot see otherwise, path, size and time.
    func metadata(path: String) -> JSONObject {
        var metadata = JSONObject()
        _ = metadata.append("kind", .string(kind.rawValue))
        _ = metadata.append("path", .string(path))
        _ = metadata.append("bytes", .integer(stamp.bytes))
        _ = metadata.append("modified", .integer(stamp.modified))
        return metadata
    }
}

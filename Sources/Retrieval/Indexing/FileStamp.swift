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

    /// Whether a file with the one may be as it was with the other. A millisecond is nothing: a time that went through a
    /// floating-point number is rounded.
    public func fits(_ other: FileStamp) -> Bool { bytes == other.bytes && abs(modified - other.modified) <= 1 }
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

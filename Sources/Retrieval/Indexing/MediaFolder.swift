import Foundation
import JSON

/// The photos and sounds below a folder.
public struct MediaFolder: Sendable {
    /// One photo or sound.
    public struct File: Sendable, Equatable {
        /// Its path below the folder, with `/` between the steps.
        public let path: String
        /// Where it is.
        public let url: URL
        /// `.image` for a photo, `.audio` for a sound, by the ending of its name.
        public let kind: ItemKind
        /// By which a later run knows that it is unchanged.
        public let stamp: FileStamp
    }

    /// The files, in the order of their paths' bytes.
    public let files: [File]

    private static let kinds: [String: ItemKind] = [
        "jpg": .image, "jpeg": .image, "jpe": .image, "jfif": .image, "png": .image, "webp": .image, "gif": .image,
        "bmp": .image, "heic": .image, "heif": .image, "avif": .image, "tif": .image, "tiff": .image, "wav": .audio,
        "flac": .audio, "ogg": .audio, "mp3": .audio,
    ]

    /// Finds every file below `root` whose name ends in .jpg, .jpeg, .jpe, .jfif, .png, .webp, .gif, .bmp, .heic, .heif, .avif, .tif,
    /// .tiff, .wav, .flac, .ogg or .mp3; hidden ones and links are left out.
    public init(_ root: String) throws(RetrievalError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: root, isDirectory: &isFolder), isFolder.boolValue else {
            throw .unusableFolder(path: root, reason: "it is not there, or no folder")
        }
        let base = URL(filePath: root).standardizedFileURL
        let keys: [URLResourceKey] = [.isRegularFileKey, .fileSizeKey, .contentModificationDateKey]
        let walker = FileManager.default.enumerator(
            at: base, includingPropertiesForKeys: keys, options: [.skipsHiddenFiles])
        var files: [File] = []
        while let url = walker?.nextObject() as? URL {
            guard let kind = Self.kinds[url.pathExtension.lowercased()],
                let values = try? url.resourceValues(forKeys: Set(keys)), values.isRegularFile == true
            else { continue }
            let steps = url.standardizedFileURL.pathComponents.dropFirst(base.pathComponents.count)
            files.append(
                File(
                    path: steps.joined(separator: "/"), url: url, kind: kind,
                    stamp: FileStamp(
                        bytes: values.fileSize ?? 0,
                        modified: Int((values.contentModificationDate?.timeIntervalSince1970 ?? 0) * 1000))))
        }
        self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }
}

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

    /// The stamp in an item's metadata; nil where there is none.
    public init?(_ metadata: JSONObject) {
        guard case .integer(let bytes)? = metadata["bytes"], case .integer(let modified)? = metadata["modified"] else {
            return nil
        }
        self.init(bytes: bytes, modified: modified)
    }
}

extension MediaFolder.File {
    /// The id of the file's item: its path with ":" in place of "/". A ":" or "%" of the path itself is percent-encoded, so
    /// that no two files share an id. Nil where the path is too long for an id, or has control characters.
    public var id: ItemID? {
        ItemID(path.replacing("%", with: "%25").replacing(":", with: "%3A").replacing("/", with: ":"))
    }

    /// What is kept with the item: its kind, which filters cannot see otherwise, path, size and time.
    public var metadata: JSONObject {
        var metadata = JSONObject()
        _ = metadata.append("kind", .string(kind.rawValue))
        _ = metadata.append("path", .string(path))
        _ = metadata.append("bytes", .integer(stamp.bytes))
        _ = metadata.append("modified", .integer(stamp.modified))
        return metadata
    }
}

import Foundation

/// A folder that is removed with its last reference.
public final class TemporaryFolder: Sendable {
    /// Where it is.
    public let path: String

    /// A new folder, empty.
    public init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "sensorium-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        // A folder that stays behind is the system's to clean; no test depends on it.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Where a file of that name is, or would be.
    public func url(_ name: String) -> URL { URL(filePath: path).appending(path: name) }

    /// Writes a file, with the folders it needs, and returns its path.
    @discardableResult public func write(_ text: String, to name: String) throws -> String {
        let target = try place(name)
        try Data(text.utf8).write(to: target)
        return target.path
    }

    /// Puts a copy of a file there, under another name.
    public func copy(_ file: String, as name: String) throws {
        try FileManager.default.copyItem(atPath: file, toPath: place(name).path)
    }

    /// Where a file of that name is to be; the folders that it needs are there.
    private func place(_ name: String) throws -> URL {
        let target = url(name)
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        return target
    }
}

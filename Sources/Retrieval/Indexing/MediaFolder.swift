import Glibc

/// What is below a folder: every file, and what is there besides.
public struct MediaFolder: Sendable {
    /// One file.
    public struct File: Sendable, Equatable {
        /// Its path below the folder, with `/` between the steps.
        public let path: FileName
        /// Where it is.
        public let place: FileName
        /// By which a later run knows that it is unchanged.
        public let stamp: FileStamp
    }

    /// A folder that cannot be looked into, or something of which the system does not say what it is.
    public struct Closed: Error, CustomStringConvertible {
        /// Such as "Permission denied".
        public let reason: String
        /// A sentence.
        public var description: String { "It cannot be looked at: \(reason)." }

        static var system: Closed { Closed(reason: String(cString: strerror(errno))) }
    }

    /// The files, in the order of their paths' bytes.
    public let files: [File]
    /// What is passed over without a look, and how often it is there: hidden files and folders, links, and what is no file.
    public let passedOver: [String: Int]
    /// What is below and could not be looked at, by its path.
    public let closed: [(path: FileName, error: Closed)]

    /// Finds everything below `root`. Hidden files and folders are left out, and links, which may lead anywhere.
    /// - Throws: where `root` itself cannot be looked into.
    public init(_ root: FileName) throws(Closed) {
        var walk = FolderWalk(root)
        try walk.look(into: FileName([]))
        while let next = walk.waiting.popLast() {
            do {
                try walk.look(into: next)
            } catch {
                walk.closed.append((next, error))
            }
        }
        files = walk.files.sorted { $0.path.bytes.lexicographicallyPrecedes($1.path.bytes) }
        passedOver = walk.passedOver
        closed = walk.closed
    }
}

/// A folder that is being looked through, by the system's own calls: those of Foundation pass over names that are no UTF-8.
private struct FolderWalk {
    let root: FileName
    var files: [MediaFolder.File] = []
    var passedOver: [String: Int] = [:]
    var closed: [(path: FileName, error: MediaFolder.Closed)] = []
    var waiting: [FileName] = []

    init(_ root: FileName) { self.root = root }

    /// Notes what a folder has.
    mutating func look(into path: FileName) throws(MediaFolder.Closed) {
        let place = path.bytes.isEmpty ? root : path.below(root)
        guard let folder = opendir(place.cString) else { throw .system }
        defer { closedir(folder) }
        errno = 0
        while let entry = readdir(folder) {
            // The name is a C string within the entry, which stays until the next call.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { start in
                    FileName(Array(UnsafeBufferPointer(start: start, count: strlen(start))))
                }
            }
            note(name, path, place)
            errno = 0
        }
        if errno != 0 { throw .system }
    }

    private mutating func note(_ name: FileName, _ folder: FileName, _ place: FileName) {
        guard name.bytes != Array(".".utf8), name.bytes != Array("..".utf8) else { return }
        guard name.bytes.first != UInt8(ascii: ".") else { return passedOver["hidden", default: 0] += 1 }
        let path = name.below(folder)
        let whole = name.below(place)
        var status = stat()
        guard lstat(whole.cString, &status) == 0 else {
            // What is removed meanwhile is not there. Of anything else nobody knows.
            if errno != ENOENT, errno != ENOTDIR { closed.append((path, .system)) }
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: waiting.append(path)
        case S_IFREG: files.append(MediaFolder.File(path: path, place: whole, stamp: FileStamp(status)))
        case S_IFLNK: passedOver["link", default: 0] += 1
        default: passedOver["special file", default: 0] += 1
        }
    }
}

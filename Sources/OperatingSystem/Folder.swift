import Glibc

/// Folders, by their paths.
public enum Folder {
    /// A call that the system refused.
    public struct Refused: Error, Equatable {
        /// The error number.
        public let code: Int32
    }

    /// The names of what a folder has, in no order, without `.` and `..`.
    public static func entries(_ path: String) throws(Refused) -> [String] {
        guard let folder = opendir(path) else { throw Refused(code: errno) }
        defer { closedir(folder) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(folder) {
            // The name is a C string within the entry, which stays until the next call.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw Refused(code: errno) }
        return names
    }

    /// Makes a folder and those above it that are missing. One that is there stays as it is.
    ///
    /// - Parameter mode: who may do what in each that is made, as far as the umask lets it.
    public static func make(_ path: String, mode: UInt32 = 0o777) throws(Refused) {
        if mkdir(path, mode) == 0 { return }
        let code = errno
        switch code {
        case EEXIST:
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw Refused(code: code) }
        case ENOENT:
            let above = parent(of: path)
            guard above != path, !above.isEmpty else { throw Refused(code: code) }
            try make(above, mode: mode)
            // Another process may have made it meanwhile.
            guard mkdir(path, mode) == 0 || errno == EEXIST else { throw Refused(code: errno) }
        default: throw Refused(code: code)
        }
    }

    /// Removes a folder with all that is in it, or a file. What cannot be removed stays.
    public static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            unlink(path)
            return
        }
        for name in (try? entries(path)) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    }

    /// The folder that a path is in; empty for a name alone, which is in the working directory.
    public static func parent(of path: String) -> String {
        let bare = path.utf8.count > 1 && path.hasSuffix("/") ? path.dropLast() : path[...]
        guard let slash = bare.lastIndex(of: "/") else { return "" }
        return slash == bare.startIndex ? "/" : String(bare[..<slash])
    }

    /// The last step of a path once `.` and `..` are followed, from the working directory for a relative one; `/` for the root.
    public static func name(of path: String) -> String {
        var steps: [Substring] = []
        for step in ((path.hasPrefix("/") ? "" : working) + "/" + path).split(separator: "/") where step != "." {
            if step == ".." { _ = steps.popLast() } else { steps.append(step) }
        }
        return steps.last.map(String.init) ?? "/"
    }

    /// The working directory of the process; empty where it was removed.
    public static var working: String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }
}

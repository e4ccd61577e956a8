import Foundation

/// The checkout, read as text: what the rules of this folder look at.
struct SourceTree {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// One file and its lines.
    struct File {
        let path: String
        let lines: [Substring]
    }

    /// Every file below `folder` with one of the endings, in path order.
    func files(below folder: String, endings: Set<String>) throws -> [File] {
        let base = root.appending(path: folder)
        let walker = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil)
        var found: [File] = []
        while let url = walker?.nextObject() as? URL {
            guard endings.contains(url.pathExtension) else { continue }
            let text = try String(contentsOf: url, encoding: .utf8)
            let path = String(url.path.dropFirst(root.path.count).drop { $0 == "/" })
            found.append(File(path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false)))
        }
        return found.sorted { $0.path < $1.path }
    }

    /// One target of Package.swift, in the order written there.
    struct Target {
        let name: String
        let dependencies: [String]
        let isTest: Bool
    }

    /// The targets of Package.swift with those dependencies that are targets themselves.
    func targets() throws -> [Target] {
        let manifest = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
        guard let list = manifest.range(of: "targets: [\n") else { return [] }
        let declaration =
            /\.(target|executableTarget|testTarget|systemLibrary)\(\s*name: "(\w+)"(?:,\s*dependencies: \[([^\]]*)\])?/
        let declared = manifest[list.upperBound...].matches(of: declaration)
        let names = Set(declared.map { String($0.output.2) })
        return declared.map { match in
            let dependencies = (match.output.3 ?? "").matches(of: /"(\w+)"/).map { String($0.output.1) }
            return Target(
                name: String(match.output.2), dependencies: dependencies.filter(names.contains),
                isTest: match.output.1 == "testTarget")
        }
    }
}

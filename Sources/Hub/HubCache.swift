import Glibc
import JSON
import OperatingSystem

/// Repositories of the Hub on disk, as huggingface_hub lays them out, so that either finds what the other fetched:
///
///     models--org--name/refs/main                      the commit that the branch was at
///     models--org--name/blobs/<etag>                   the content of a file
///     models--org--name/snapshots/<commit>/config.json a link to it
///     .locks/models--org--name/<etag>.lock             held while it is fetched
struct HubCache {
    /// The folder of all repositories.
    let root: String

    /// The folder of a repository.
    func folder(_ reference: HubReference) -> String { "\(root)/\(reference.folderName)" }

    /// The folder of a snapshot.
    func snapshot(_ reference: HubReference, _ commit: String) -> String {
        "\(folder(reference))/snapshots/\(commit)"
    }

    /// The commit that the revision was at when it was fetched.
    func commit(_ reference: HubReference) -> String? {
        if reference.isCommit { return reference.revision }
        guard let text = SmallFile.text("\(folder(reference))/refs/\(reference.revision)")
        else { return nil }
        let commit = text.trimmed(of: \.isWhitespace)
        return commit.isEmpty || commit.contains("/") || commit.hasPrefix(".") ? nil : commit
    }

    /// The folder of a repository that was fetched whole.
    func find(_ reference: HubReference) throws(HubError) -> String {
        guard isThere(folder(reference)) else { throw .notCached(reference, cache: root) }
        guard let commit = commit(reference), isThere(snapshot(reference, commit)) else {
            throw .revisionNotCached(reference, cache: root)
        }
        let folder = snapshot(reference, commit)
        if let missing = Self.missing(folder) { throw .incomplete(reference, missing: missing) }
        return folder
    }

    /// What a model lacks in a folder, in words; nil where all that has to be there is.
    private static func missing(_ folder: String) -> String? {
        func has(_ name: String) -> Bool { access("\(folder)/\(name)", F_OK) == 0 }
        // A link whose content is not there, as of a download that was ended.
        let names = ((try? Folder.entries(folder)) ?? []).sorted()
        if let broken = names.first(where: { !has($0) }) { return "the content of \(broken) is missing" }
        guard has("config.json") || has("modules.json") else { return "config.json is missing" }
        guard !has("model.safetensors"), !has("pytorch_model.bin") else { return nil }
        let indices = ["model.safetensors.index.json", "pytorch_model.bin.index.json"].filter(has)
        guard let index = indices.first else {
            // An old folder of sentence-transformers has its model in one of its own.
            return names.contains("0_Transformer") ? nil : "model.safetensors is missing"
        }
        let shards = (try? HubCache.shards(ofIndex: "\(folder)/\(index)")) ?? []
        return shards.first { !has($0) }.map { "\($0) is missing" }
    }

    /// The files that an index of weights names.
    static func shards(ofIndex path: String) throws(JSONError) -> [String] {
        var names: Set<String> = []
        for (_, name) in try JSONCursor(JSONValue(contentsOf: path)).member("weight_map").object() {
            if case .string(let name) = name, !name.contains("/") { names.insert(name) }
        }
        return names.sorted()
    }

    private func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

/// Where a model is.
public struct ModelLocation: Sendable, Equatable {
    /// Its folder.
    public let folder: String
    /// What it is called: the name of the folder, or of the repository without its organisation.
    public let name: String

    /// What `--model` names: a folder, or where there is none of that name, a repository of the Hub that is in the cache.
    public init(_ value: String, settings: HubSettings = HubSettings()) throws(HubError) {
        var status = stat()
        let isFolder = stat(value, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        // A word alone is far likelier a folder misspelt than one of the oldest repositories, unless that is in the cache.
        guard !isFolder, let reference = HubReference(value) else {
            self.init(folder: value, name: Folder.name(of: value))
            return
        }
        let cache = HubCache(root: settings.cache)
        guard value.contains("/") || cache.commit(reference) != nil else {
            self.init(folder: value, name: Folder.name(of: value))
            return
        }
        self.init(folder: try cache.find(reference), name: reference.name)
    }

    private init(folder: String, name: String) {
        self.folder = folder
        self.name = name
    }
}

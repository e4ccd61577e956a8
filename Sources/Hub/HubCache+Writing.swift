import Glibc
import OperatingSystem

/// What is written beside the contents of files. Each appears whole, in place of what was there.
extension HubCache {
    /// Makes the folders of a repository.
    func prepare(_ reference: HubReference) throws(HubError) {
        for folder in ["\(folder(reference))/blobs", "\(root)/.locks/\(reference.folderName)"] {
            try makeFolder(folder)
        }
        // Tells programs that save files that this can be had again (bford.info/cachedir).
        let tag = "\(root)/CACHEDIR.TAG"
        if access(tag, F_OK) != 0 {
            try replace(
                tag,
                with: """
                    Signature: 8a477f597d28d172789f06886806bc55
                    # This file is a cache directory tag created by sensorium, in the cache of huggingface_hub.
                    # For information about cache directory tags, see: https://bford.info/cachedir/

                    """)
        }
    }

    /// Makes a file of a snapshot a link to its content.
    func link(_ file: HubClient.File, _ reference: HubReference, _ commit: String) throws(HubError) {
        let path = "\(snapshot(reference, commit))/\(file.path)"
        try makeFolder(Folder.parent(of: path))
        let up = String(repeating: "../", count: 2 + file.path.count { $0 == "/" })
        let temporary = "\(path).\(UInt64.random(in: .min ... .max)).tmp"
        guard symlink("\(up)blobs/\(file.etag)", temporary) == 0, rename(temporary, path) == 0 else {
            let reason = systemReason()
            unlink(temporary)
            throw .cache(path: path, reason: reason)
        }
    }

    /// Notes the commit that a branch or tag is at.
    func note(_ commit: String, of reference: HubReference) throws(HubError) {
        guard reference.revision != commit else { return }
        let path = "\(folder(reference))/refs/\(reference.revision)"
        try makeFolder(Folder.parent(of: path))
        try replace(path, with: commit)
    }

    /// The bytes that may still be written to the disk of the cache.
    var freeBytes: Int {
        var status = statvfs()
        // Only looked at before the work: the system says it again where it is so.
        guard statvfs(root, &status) == 0 else { return .max }
        let (free, overflows) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
        return overflows ? .max : free
    }

    private func makeFolder(_ path: String) throws(HubError) {
        do throws(Folder.Refused) {
            try Folder.make(path)
        } catch {
            throw .cache(path: path, reason: systemReason(error.code))
        }
    }

    private func replace(_ path: String, with text: String) throws(HubError) {
        let temporary = "\(path).\(UInt64.random(in: .min ... .max)).tmp"
        do throws(SmallFile.Failure) {
            try SmallFile.write(text, to: temporary)
        } catch {
            guard case .system(let code) = error else { throw .cache(path: path, reason: systemReason(EIO)) }
            throw .cache(path: path, reason: systemReason(code))
        }
        guard rename(temporary, path) == 0 else {
            let reason = systemReason()
            unlink(temporary)
            throw .cache(path: path, reason: reason)
        }
    }
}

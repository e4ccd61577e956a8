import Foundation
import Hub
import TemporaryFolders

@testable import Hub

/// A hub with one repository, `org/tiny`, and a store of large files on another port, to which it sends on.
final class LoopbackHub: Sendable {
    static let commit = "0123456789abcdef0123456789abcdef01234567"

    /// What goes wrong.
    struct Spoiling: Sendable {
        /// After how many bytes the store ends each connection.
        var breaksAfter: Int?
        /// Whether the store sends it all whatever is asked.
        var ignoresRanges = false
        /// The files whose content is another one.
        var wrong: Set<String> = []
        /// The only token that is taken, where one is wanted.
        var token: String?
        /// The length that is said of the weights.
        var claimedSize: Int?
        /// Whether the hub is for a repository of another name, which it sends on to.
        var isRenamed = false
        /// Whether files are listed page by page alone.
        var hasPages = false
    }

    let hub: LoopbackServer
    let store: LoopbackServer

    init(_ files: [String: [UInt8]], _ spoiling: Spoiling = Spoiling()) throws {
        @Sendable func content(_ path: String) -> [UInt8] {
            spoiling.wrong.contains(path) ? (files[path] ?? []).map { ~$0 } : files[path] ?? []
        }
        @Sendable func isLarge(_ path: String) -> Bool { path.hasSuffix(".safetensors") || path.hasSuffix(".bin") }
        let store = try LoopbackServer { request in
            let whole = content(String(request.target.dropFirst("/blobs/".count)))
            var answer = LoopbackServer.Answer(body: whole, breaksAfter: spoiling.breaksAfter)
            if let range = request.fields["range"], !spoiling.ignoresRanges,
                let start = range.firstMatch(of: /bytes=(\d+)-/).flatMap({ Int($0.output.1) })
            {
                guard start < whole.count else { return LoopbackServer.Answer(status: 416) }
                answer.status = 206
                answer.body = Array(whole[start...])
                answer.fields = [("Content-Range", "bytes \(start)-\(whole.count - 1)/\(whole.count)")]
            }
            return answer
        }
        self.store = store
        let storeURL = store.url
        hub = try LoopbackServer { request in
            if let token = spoiling.token, request.fields["authorization"] != "Bearer \(token)" {
                return LoopbackServer.Answer(status: 401, fields: [("X-Error-Code", "GatedRepo")])
            }
            var target = request.target
            if spoiling.isRenamed {
                guard target.contains("/new/tiny") else {
                    return LoopbackServer.Answer(
                        status: 307, fields: [("Location", target.replacing("org/tiny", with: "new/tiny"))])
                }
                target = target.replacing("new/tiny", with: "org/tiny")
            }
            let paths = files.keys.sorted()
            if target.hasPrefix("/api/models/org/tiny/revision/") {
                guard ["main", "v1", Self.commit].contains(target.split(separator: "/").last.map(String.init)) else {
                    return LoopbackServer.Answer(status: 404, fields: [("X-Error-Code", "RevisionNotFound")])
                }
                let siblings = paths.map { #"{"rfilename":"\#($0)"}"# }.joined(separator: ",")
                let list = spoiling.hasPages ? "" : #","siblings":[\#(siblings)]"#
                return LoopbackServer.Answer(body: Array(#"{"sha":"\#(Self.commit)"\#(list)}"#.utf8))
            }
            if target.hasPrefix("/api/models/org/tiny/tree/\(Self.commit)") {
                let page = target.hasSuffix("page=2") ? paths.dropFirst(2) : paths.prefix(2)
                let entries =
                    page.map { #"{"type":"file","path":"\#($0)"}"# } + [#"{"type":"directory","path":"1_Pooling"}"#]
                return LoopbackServer.Answer(
                    fields: target.hasSuffix("page=2")
                        ? [] : [("Link", #"</api/models/org/tiny/tree/\#(Self.commit)?page=2>; rel="next""#)],
                    body: Array("[\(entries.joined(separator: ","))]".utf8))
            }
            let prefix = "/org/tiny/resolve/\(Self.commit)/"
            guard target.hasPrefix(prefix), let right = files[String(target.dropFirst(prefix.count))] else {
                return LoopbackServer.Answer(status: 404, fields: [("X-Error-Code", "RepoNotFound")])
            }
            let path = String(target.dropFirst(prefix.count))
            guard isLarge(path) else {
                return LoopbackServer.Answer(
                    fields: [("ETag", "\"\(Self.digest(right, isGit: true))\""), ("X-Repo-Commit", Self.commit)],
                    body: content(path))
            }
            return LoopbackServer.Answer(
                status: 302,
                fields: [
                    ("Location", "\(storeURL)/blobs/\(path)"),
                    ("X-Linked-Etag", "\"\(Self.digest(right, isGit: false))\""),
                    ("X-Linked-Size", "\(spoiling.claimedSize ?? right.count)"), ("X-Repo-Commit", Self.commit),
                ], body: Array("sent on".utf8))
        }
    }

    /// What the hub calls a content.
    static func digest(_ bytes: [UInt8], isGit: Bool) -> String {
        // The class under test, held to known digests by a test of its own.
        let digest = ContentDigest(etag: String(repeating: "0", count: isGit ? 40 : 64), size: bytes.count)
        bytes.withUnsafeBytes { digest?.take($0) }
        return digest?.finish() ?? ""
    }

    /// Settings for this hub and a cache.
    func settings(_ cache: TemporaryFolder, token: String? = nil) -> HubSettings {
        var environment = ["HF_ENDPOINT": hub.url, "HF_HUB_CACHE": cache.url("hub").path, "HF_HOME": cache.path]
        environment["HF_TOKEN"] = token
        var settings = HubSettings(environment)
        settings.retries = [.zero, .zero]
        return settings
    }
}

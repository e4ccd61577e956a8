import JSON

/// What is asked of a hub about one repository. For one thread.
struct HubClient {
    /// A file of a repository.
    struct File: Sendable, Equatable {
        /// Its path in the repository.
        let path: String
        /// What its content is called: the SHA-256 of a large file, of others the id that git has for it.
        let etag: String
        /// How many bytes it has; nil where the hub does not say.
        let size: Int?
    }

    private let reference: HubReference
    private let settings: HubSettings
    private let connection: HubConnection

    init(_ reference: HubReference, _ settings: HubSettings) {
        self.reference = reference
        self.settings = settings
        connection = HubConnection(certificates: settings.certificates)
    }

    /// The commit of the revision and the paths of all files.
    func listing() throws -> (commit: String, paths: [String]) {
        let revision = reference.revision.split(separator: "/").map { HubAddress.path(String($0)) }.joined(
            separator: "%2F")
        let answer = try json("\(settings.endpoint)/api/models/\(reference.repository)/revision/\(revision)").json
        do throws(JSONError) {
            let commit = try answer.member("sha").string()
            guard commit.utf8.count == 40, commit.utf8.allSatisfy(\.isLowerHexadecimal) else {
                throw try answer.member("sha").unexpected("a commit")
            }
            if let siblings = try answer.optionalMember("siblings") {
                var paths: [String] = []
                for file in try siblings.elements() { paths.append(try file.member("rfilename").string()) }
                return (commit, paths)
            }
            return (commit, [])
        } catch {
            throw HubError.badAnswer(endpoint: settings.endpoint, reason: "\(error)")
        }
    }

    /// The paths of all files at a commit, page by page.
    func tree(_ commit: String) throws -> [String] {
        var paths: [String] = []
        var next: String? = "\(settings.endpoint)/api/models/\(reference.repository)/tree/\(commit)?recursive=true"
        while let url = next {
            let (json, head) = try json(url)
            do throws(JSONError) {
                for entry in try json.elements() where try entry.member("type").string() == "file" {
                    paths.append(try entry.member("path").string())
                }
            } catch {
                throw HubError.badAnswer(endpoint: settings.endpoint, reason: "\(error)")
            }
            next = head.fields["link"]?.firstMatch(of: /<([^>]+)>; *rel="next"/).flatMap {
                HubAddress.resolve(String($0.output.1), from: url)
            }
        }
        return paths
    }

    /// What the hub says of a file.
    func file(_ path: String, at commit: String) throws -> File {
        let head = try follow(address(of: path, at: commit), isHead: true)
        try refuse(head, path)
        let etag = (head.fields["x-linked-etag"] ?? head.fields["etag"]).map(Self.plainEtag) ?? ""
        guard Self.isFileName(etag) else {
            throw HubError.badAnswer(endpoint: settings.endpoint, reason: "\(path) has no ETag")
        }
        let size = head.fields["x-linked-size"] ?? (head.status < 300 ? head.fields["content-length"] : nil)
        return File(path: path, etag: etag, size: size.flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil })
    }

    /// The bytes of a file from `start` on. `take` gets them with the position of the first of them: 0 where the hub sends it all.
    func fetch(
        _ path: String, at commit: String, from start: Int,
        take: @escaping (_ position: Int, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var position: Int?
        let head = try follow(address(of: path, at: commit), start: start) { head, bytes in
            guard head.status == 200 || head.status == 206 else { return }
            let place = position ?? (head.status == 206 ? Self.start(of: head) ?? start : 0)
            try take(place, bytes)
            position = place + bytes.count
        }
        if head.status != 200, head.status != 206 {
            try refuse(head, path)
            throw HubError.badAnswer(endpoint: settings.endpoint, reason: "status \(head.status) for \(path)")
        }
        // An empty file, of which nothing comes.
        if position == nil { try take(head.status == 206 ? start : 0, UnsafeRawBufferPointer(start: nil, count: 0)) }
    }

    private func address(of path: String, at commit: String) -> String {
        "\(settings.endpoint)/\(reference.repository)/resolve/\(commit)/\(HubAddress.path(path))"
    }

    private func json(_ url: String) throws -> (json: JSONCursor, head: HubConnection.Head) {
        var body: [UInt8] = []
        let limits = JSONLimits()
        let head = try follow(url) { head, bytes in
            guard head.status == 200 else { return }
            body.append(contentsOf: bytes)
            if body.count > limits.bytes {
                throw HubError.badAnswer(
                    endpoint: settings.endpoint, reason: "more than \(limits.bytes) bytes at \(url)")
            }
        }
        try refuse(head, nil)
        guard head.status == 200 else {
            throw HubError.badAnswer(endpoint: settings.endpoint, reason: "status \(head.status) at \(url)")
        }
        do {
            return (JSONCursor(try JSONValue(parsing: body, limits: limits)), head)
        } catch {
            throw HubError.badAnswer(endpoint: settings.endpoint, reason: "\(error)")
        }
    }

    /// Asks, and where the answer is another address asks there: of another origin than the hub's without the token. A head that is
    /// wanted alone is the hub's: its store, to which it sends on for large files, knows nothing of repositories.
    private func follow(
        _ url: String, isHead: Bool = false, start: Int = 0,
        take: @escaping (HubConnection.Head, UnsafeRawBufferPointer) throws -> Void = { _, _ in }
    ) throws -> HubConnection.Head {
        guard let hub = HubAddress(settings.endpoint) else {
            throw HubError.badAnswer(endpoint: settings.endpoint, reason: "it is no http:// or https:// address")
        }
        var url = url
        for _ in 0..<10 {
            let token = HubAddress(url) == hub ? settings.token : nil
            let head = try connection.send(.init(url: url, isHead: isHead, token: token, start: start), take: take)
            guard [301, 302, 303, 307, 308].contains(head.status), let location = head.fields["location"] else {
                return head
            }
            guard let next = HubAddress.resolve(location, from: url), let origin = HubAddress(next),
                origin.scheme == "https" || hub.scheme == "http"
            else {
                throw HubError.badAnswer(endpoint: settings.endpoint, reason: "it sends on to \(location)")
            }
            if isHead, origin != hub || head.fields["x-linked-etag"] != nil { return head }
            url = next
        }
        throw HubError.badAnswer(
            endpoint: settings.endpoint, reason: "it sends on from address to address without an end")
    }

    /// Throws what an answer that is a refusal means.
    private func refuse(_ head: HubConnection.Head, _ path: String?) throws {
        let code = head.fields["x-error-code"]
        let message = head.fields["x-error-message"]
        let hasToken = settings.token != nil
        switch (head.status, code) {
        case (..<400, _): return
        case (_, "GatedRepo"): throw HubError.gated(reference, endpoint: settings.endpoint, hasToken: hasToken)
        case (_, "RevisionNotFound"): throw HubError.noRevision(reference)
        case (404, "EntryNotFound"):
            throw HubError.badAnswer(endpoint: settings.endpoint, reason: "\(path ?? "a file") is listed and not there")
        case (401, _) where hasToken && message?.contains("Invalid credentials") == true:
            throw HubError.refusedToken(source: settings.tokenSource, endpoint: settings.endpoint)
        case (401, _), (_, "RepoNotFound"), (404, _):
            throw HubError.noRepository(reference, endpoint: settings.endpoint, hasToken: hasToken)
        case (403, _): throw HubError.forbidden(reference, reason: message ?? "status 403")
        case (408, _), (429, _), (500..., _):
            // Of those another time may be a better one.
            throw HubConnection.Broken(reason: message ?? "it answers with the status \(head.status)")
        default:
            throw HubError.badAnswer(endpoint: settings.endpoint, reason: message ?? "status \(head.status)")
        }
    }

    /// `W/"abc"` → `abc`
    private static func plainEtag(_ etag: String) -> String {
        (etag.hasPrefix("W/") ? etag.dropFirst(2) : etag[...]).trimmed { $0 == "\"" }
    }

    /// Whether it may be the name of a file in the cache.
    private static func isFileName(_ name: String) -> Bool {
        (1...200).contains(name.utf8.count) && !name.hasPrefix(".")
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
    }

    /// The first position of `bytes 5-9/10`.
    private static func start(of head: HubConnection.Head) -> Int? {
        head.fields["content-range"]?.firstMatch(of: /bytes (\d+)-/).flatMap { Int($0.output.1) }
    }
}

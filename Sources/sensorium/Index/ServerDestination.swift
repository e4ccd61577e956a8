import JSON
import Retrieval

/// Photos and sounds go to a server, which has the model and the data folder.
struct ServerDestination: IndexDestination {
    private let client: ServerClient
    private let items: String

    init(_ client: ServerClient, collection: String) {
        self.client = client
        items = "/v1/collections/\(collection)/items"
    }

    func accepted() throws -> AcceptedKinds {
        let model = try ServedModelCard(client.send("GET", "/v1/models"))
        return AcceptedKinds(model: model.name, kinds: model.kinds)
    }

    func known() throws -> [ItemID: IndexedOrigin] {
        var origins: [ItemID: IndexedOrigin] = [:]
        var next: String? = ""
        while let after = next {
            let query = after.isEmpty ? "" : "&after=\(after.percentEncoded)"
            let answer = try client.send("GET", "\(items)?limit=1000\(query)")
            if answer.status == 404 { return [:] }
            guard answer.status == 200, let json = answer.json else { throw answer.refusal }
            let page = JSONCursor(json)
            for item in try page.member("items").elements() {
                guard let id = ItemID(try item.member("id").string()) else { continue }
                origins[id] = IndexedOrigin(try item.member("metadata").object())
            }
            next = try page.optionalMember("next")?.string()
        }
        return origins
    }

    func store(_ files: [IndexedFile]) -> [Result<SoundGaps?, any Error>] {
        files.map { file in
            Result {
                var metadata = JSONWriter()
                metadata.exact(.object(file.metadata))
                var form = MultipartForm()
                form.add("metadata", metadata.text)
                form.add(file.kind.rawValue, file: file.bytes)
                let answer = try client.send(
                    "PUT", "\(items)/\(file.id.text.percentEncoded)", type: form.type, form.body)
                guard answer.status == 200 || answer.status == 201 else { throw answer.refusal }
                return try answer.json.flatMap { try SoundGaps(answer: JSONCursor($0)) }
            }
        }
    }

    func remove(_ ids: [ItemID]) throws {
        for id in ids {
            let answer = try client.send("DELETE", "\(items)/\(id.text.percentEncoded)")
            // Somebody else may have removed it.
            guard [200, 204, 404].contains(answer.status) else { throw answer.refusal }
        }
    }

    func finish(isComplete: Bool) {}
}

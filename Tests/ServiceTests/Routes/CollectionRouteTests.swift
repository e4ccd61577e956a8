import HTTP
import JSON
import Retrieval
import TemporaryFolders
import Testing

@testable import Service

@Suite struct `Collection routes` {
    private let folder: TemporaryFolder
    private let harness: Harness

    init() throws {
        folder = try TemporaryFolder()
        harness = try Self.harness(folder.path + "/data")
    }

    private static func harness(_ path: String, hasSpace: Bool = false) throws -> Harness {
        try Harness(FakeModel(hasSpace: hasSpace)) { $0.data = path }
    }

    private func put(_ id: String, _ json: String, into name: String = "own") -> Answer {
        harness.send(
            "PUT", "/v1/collections/\(name)/items/\(id)", [("Content-Type", "application/json")],
            body: Array(json.utf8))
    }

    private func retrieve(_ json: String, _ harness: Harness? = nil) -> Answer {
        (harness ?? self.harness).send(
            "POST", "/v1/retrieve", [("Content-Type", "application/json")], body: Array(json.utf8))
    }

    @Test func `an item is made, replaced, read, found and removed`() throws {
        let made = put("a", #"{"embedding":[3,0,4],"metadata":{"z":0.1234567890123,"a":[1]}}"#)
        #expect(made.status == 201)
        #expect(
            made.text.hasPrefix(
                #"{"collection":"own","id":"a","created":true,"kind":"embedding","dimensions":3,"model":"fake","#))
        #expect(put("b", #"{"embedding":[0,1,0]}"#).status == 201)
        let replaced = put("b", #"{"embedding":[0,0,2],"metadata":{"n":2}}"#)
        #expect(replaced.status == 200)
        #expect(replaced.value("created") == .boolean(false))

        let read = harness.send("GET", "/v1/collections/own/items/a")
        #expect(
            read.text
                == #"{"id":"a","kind":"embedding","metadata":{"z":0.1234567890123,"a":[1]},"embedding":[0.6,0,0.8]}"#)
        let listed = harness.send("GET", "/v1/collections/own/items?limit=1")
        #expect(
            listed.text
                == #"{"items":[{"id":"a","kind":"embedding","metadata":{"z":0.1234567890123,"a":[1]}}],"next":"a"}"#)
        let rest = harness.send("GET", "/v1/collections/own/items?after=a")
        #expect(rest.text == #"{"items":[{"id":"b","kind":"embedding","metadata":{"n":2}}]}"#)

        let hits = retrieve(#"{"collection":"own","embedding":[0,0,1]}"#)
        #expect(hits.status == 200)
        #expect(
            hits.text.hasPrefix(
                #"{"collection":"own","hits":[{"id":"b","score":1,"kind":"embedding","metadata":{"n":2}},{"id":"a","score":0.8,"#
            ))

        #expect(harness.send("DELETE", "/v1/collections/own/items/a").status == 204)
        #expect(harness.send("GET", "/v1/collections/own/items/a").code == "unknown_item")
        #expect(harness.send("DELETE", "/v1/collections/own/items/a").code == "unknown_item")
        let collections = harness.send("GET", "/v1/collections")
        #expect(
            collections.text.hasPrefix(
                #"{"collections":[{"name":"own","items":1,"dimensions":3,"usable":true,"created":""#))
        #expect(harness.send("DELETE", "/v1/collections/own").status == 204)
        #expect(harness.send("GET", "/v1/collections").text == #"{"collections":[]}"#)
    }

    @Test func `a form takes an embedding as an array or as base64 of floats`() throws {
        let base64 = Base64.encode(([0, 1, 0] as [Float]).littleEndianBytes)
        for (id, text) in [("array", "[0, 1, 0]"), ("base64", base64)] {
            let form = Form([("embedding", text), ("metadata", #"{"from": "form"}"#)], image: nil)
            let answer = harness.send(
                "PUT", "/v1/collections/own/items/\(id)", [("Content-Type", form.contentType)], body: form.body)
            #expect(answer.status == 201, "\(answer.text)")
        }
        let form = Form([("embedding", base64), ("collection", "own"), ("filter", #"{"from":"form"}"#)], image: nil)
        let hits = harness.send(form: "/v1/retrieve?top=1", form)
        #expect(hits.text.hasPrefix(#"{"collection":"own","hits":[{"id":"array","score":1,"#))
    }

    @Test func `collections survive the server`() throws {
        #expect(put("a", #"{"embedding":[1,2]}"#).status == 201)
        #expect(harness.service.drain())
        let again = try Self.harness(folder.path + "/data")
        #expect(again.send("GET", "/v1/collections/own/items/a").status == 200)
        #expect(retrieve(#"{"collection":"own","embedding":[1,2]}"#, again).status == 200)
    }

    private static let badPuts: [(String, String, Int, String)] = [
        ("a", #"{"embedding":[1,2,3]}"#, 422, "invalid_features"),
        ("a", #"{"embedding":[]}"#, 422, "invalid_features"),
        ("a", #"{"embedding":[0,0]}"#, 422, "invalid_features"),
        ("a", #"{"embedding":[1,1e300]}"#, 422, "invalid_features"),
        ("a", #"{"embedding":[1,-3.4028235e38]}"#, 422, "invalid_features"),
        ("a", #"{"embedding":[1,"2"]}"#, 422, "invalid_features"),
        ("a", #"{"embedding":[1,NaN]}"#, 400, "malformed_json"),
        // The base64 of one float that is no number, and of five bytes.
        ("a", #"{"embedding":"AADAfw=="}"#, 422, "invalid_features"),
        ("a", #"{"embedding":"AAAAAAA="}"#, 422, "invalid_features"),
        ("a", #"{"embedding":true}"#, 422, "invalid_features"),
        ("a", #"{"metadata":{}}"#, 422, "missing_part"),
        ("a", #"{"embedding":[1,2],"text":"a dog"}"#, 422, "unexpected_part"),
        ("a", #"{"embedding":[1,2],"metadata":[1]}"#, 422, "invalid_option"),
        ("a", #"{"embedding":[1,2],"metadata":{"a":1,"a":2}}"#, 400, "malformed_json"),
        ("a", #"{"text":"a dog"}"#, 422, "task_not_available"),
        ("a", #"{"embeding":[1,2]}"#, 422, "invalid_option"),
        ("a", #"{"embedding":[1,2],"model":"other"}"#, 404, "unknown_model"),
        ("a%2Fb", #"{"embedding":[1,2]}"#, 422, "invalid_option"),
        ("a%00b", #"{"embedding":[1,2]}"#, 422, "invalid_option"),
        ("%0A", #"{"embedding":[1,2]}"#, 422, "invalid_option"),
        (String(repeating: "x", count: 257), #"{"embedding":[1,2]}"#, 422, "invalid_option"),
        (String(repeating: "x", count: 10_000), #"{"embedding":[1,2]}"#, 422, "invalid_option"),
    ]

    @Test(arguments: badPuts)
    func `an item that cannot be stored is refused`(id: String, json: String, status: Int, code: String) {
        #expect(put("first", #"{"embedding":[1,2]}"#).status == 201)
        let answer = put(id, json)
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.code == code, "\(answer.text)")
        #expect(harness.send("GET", "/v1/collections/own").value("items") == .integer(1))
    }

    @Test(arguments: [
        "18446744073709551615", "-9223372036854775809", "9007199254740993.0", "123456789012345678901234567890",
        "0.1000000000000000055511151231257827", "1e300", "null",
    ])
    func `what stands in metadata comes back as the same number`(_ number: String) {
        let stored = put("a", "{\"embedding\":[1,0],\"metadata\":{\"n\":\(number)}}")
        #expect(stored.status == 201, "\(stored.text)")
        let form = Form([("embedding", "[0,1]"), ("metadata", "{\"n\":\(number)}")], image: nil)
        #expect(
            harness.send(
                "PUT", "/v1/collections/own/items/b", [("Content-Type", form.contentType)], body: form.body
            ).status == 201)
        let expected = number == "1e300" ? "1e+300" : number
        for id in ["a", "b"] {
            let answer = harness.send("GET", "/v1/collections/own/items/\(id)")
            #expect(answer.text.contains("\"metadata\":{\"n\":\(expected)}"), "\(answer.text)")
        }
        let found = harness.send(
            "POST", "/v1/retrieve", [("Content-Type", "application/json")],
            body: Array("{\"collection\":\"own\",\"embedding\":[1,0],\"filter\":{\"n\":\(number)}}".utf8))
        #expect(found.text.components(separatedBy: "\"n\":\(expected)").count == 3, "\(found.text)")
    }

    @Test(arguments: ["1e400", "1e-400"])
    func `numbers that nothing can hold are refused`(_ number: String) {
        #expect(put("a", "{\"embedding\":[1,0],\"metadata\":{\"n\":\(number)}}").code == "malformed_json")
    }

    @Test func `members of an item that are null count as left out`() {
        let stored = put(
            "a", #"{"image":null,"audio":null,"text":null,"embedding":[1,0],"metadata":null,"model":null}"#)
        #expect(stored.status == 201, "\(stored.text)")
        let ranked = harness.send(
            "POST", "/v1/retrieve", [("Content-Type", "application/json")],
            body: Array(
                #"{"collection":null,"embedding":[1,0],"filter":null,"candidate":[{"embedding":[1,0],"image":null}]}"#
                    .utf8))
        #expect(ranked.status == 200, "\(ranked.text)")
    }

    @Test func `metadata of more than 16 KiB are refused`() {
        let text = String(repeating: "x", count: Item.maxMetadataBytes)
        let answer = put("a", #"{"embedding":[1],"metadata":{"text":"\#(text)"}}"#)
        #expect(answer.status == 413)
        #expect(answer.code == "body_too_large")
        let form = Form([("embedding", "[1]"), ("metadata", "{\"text\":\"\(text)\"}")], image: nil)
        let sent = harness.send(
            "PUT", "/v1/collections/own/items/a", [("Content-Type", form.contentType)], body: form.body)
        #expect(sent.code == "body_too_large")
    }

    private static let badQueries: [(String, Int, String)] = [
        (#"{"collection":"none","embedding":[1,2]}"#, 404, "unknown_collection"),
        (#"{"collection":"own","embedding":[1,2,3]}"#, 422, "invalid_features"),
        (#"{"collection":"own"}"#, 422, "missing_part"),
        (#"{"embedding":[1,2]}"#, 422, "missing_part"),
        (#"{"collection":"own","embedding":[1,2],"top":1001}"#, 422, "invalid_option"),
        (#"{"collection":"own","embedding":[1,2],"filter":"x"}"#, 422, "invalid_option"),
        (#"{"collection":"own","embedding":[1,2],"view":"sketch"}"#, 422, "invalid_option"),
        (#"{"collection":"own","embedding":[1,2],"weight":0.5}"#, 422, "invalid_option"),
        (#"{"collection":"own","embedding":[1,2],"explain":true}"#, 422, "task_not_available"),
        (#"{"collection":"own","text":"a dog"}"#, 422, "task_not_available"),
        (#"{"collection":"own","embedding":[1,2],"candidate":["a"]}"#, 422, "unexpected_part"),
        (#"{"embedding":[1,2],"candidate":["a"]}"#, 422, "task_not_available"),
        (#"{"embedding":[1,2],"candidate":[{"embedding":[1]}]}"#, 422, "invalid_features"),
        (#"{"embedding":[1,2],"candidate":[{"embedding":[1,0]}],"filter":{}}"#, 422, "unexpected_part"),
        (#"{"embedding":[1,2],"candidate":[7]}"#, 422, "unexpected_part"),
        (#"{"embedding":[1,2],"candidate":"a"}"#, 422, "unexpected_part"),
    ]

    @Test(arguments: badQueries)
    func `a query that cannot be answered is refused`(json: String, status: Int, code: String) {
        #expect(put("first", #"{"embedding":[1,2]}"#).status == 201)
        let answer = retrieve(json)
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.code == code, "\(answer.text)")
    }

    @Test func `collections that are unknown, or cannot be, are refused on every path`() {
        for (method, path) in [
            ("GET", "/v1/collections/none"), ("DELETE", "/v1/collections/none"),
            ("GET", "/v1/collections/none/items"), ("GET", "/v1/collections/none/items/a"),
            ("DELETE", "/v1/collections/none/items/a"),
        ] {
            let answer = harness.send(method, path)
            #expect(answer.status == 404 && answer.code == "unknown_collection", "\(method) \(path)")
        }
        #expect(harness.send("GET", "/v1/collections/a%20b").code == "invalid_option")
        #expect(put("a", #"{"embedding":[1]}"#, into: "a%20b").code == "invalid_option")
        #expect(harness.send("POST", "/v1/collections").status == 405)
        #expect(harness.send("GET", "/v1/collections/own/items?limit=0").code == "invalid_option")
    }

    @Test func `a filter admits what has its members`() {
        for (id, metadata) in [("a", #"{"year":2020,"who":"x"}"#), ("b", #"{"year":2021}"#), ("c", "{}")] {
            #expect(put(id, #"{"embedding":[1,2],"metadata":\#(metadata)}"#).status == 201)
        }
        func ids(_ filter: String) -> [String] {
            let answer = retrieve(#"{"collection":"own","embedding":[1,2],"filter":\#(filter)}"#)
            return answer.text.matches(of: /"id":"(\w)"/).map { String($0.output.1) }
        }
        #expect(ids(#"{"year":2020.0}"#) == ["a"])
        #expect(ids(#"{"year":2020,"who":"y"}"#).isEmpty)
        #expect(ids("{}") == ["a", "b", "c"])
    }

    @Test func `images and texts are stored and found where the model has a space`() throws {
        let harness = try Self.harness(folder.path + "/spaced", hasSpace: true)
        let photo = Form([("metadata", #"{"of":"grey"}"#)])
        let stored = harness.send(
            "PUT", "/v1/collections/photos/items/grey", [("Content-Type", photo.contentType)], body: photo.body)
        #expect(stored.status == 201)
        #expect(stored.value("kind") == .string("image"))
        #expect(stored.value("inputs", "image", "format") == .string("jpeg"))
        let raw = harness.send(
            "PUT", "/v1/collections/photos/items/raw", [("Content-Type", "image/jpeg")], body: Photo.jpeg)
        #expect(raw.status == 201)
        let text = Form([("text", "a dog")], image: nil)
        #expect(
            harness.send(
                "PUT", "/v1/collections/photos/items/text", [("Content-Type", text.contentType)], body: text.body
            ).status == 201)
        #expect(harness.send("GET", "/v1/collections/photos").value("digest") == .string("sha256:0"))
        let hits = harness.send(form: "/v1/retrieve?collection=photos&top=2", text)
        #expect(
            hits.text.contains(
                #""hits":[{"id":"text","score":1,"scores":{"text":1},"kind":"text","metadata":{}},{"id":"grey","score":0,"#
            ))
        let composed = harness.send(form: "/v1/retrieve?collection=photos", Form([("text", "a dog")]))
        #expect(composed.text.contains(#""score":0.707107,"scores":{"image":1,"text":0},"#))
        // Embeddings, which a client may have from this model, fit in.
        #expect(
            retrieve(#"{"collection":"photos","embedding":[0,0,1],"top":1}"#, harness).text.contains(#""id":"text""#))
    }

    @Test func `candidates are ranked without a collection`() throws {
        let brought = retrieve(
            #"{"embedding":[1,0],"candidate":[{"embedding":[0,1]},{"embedding":[2,0]},{"embedding":[1,1]}],"top":2}"#)
        #expect(brought.text.hasPrefix(#"{"hits":[{"id":"1","score":1},{"id":"2","score":0.707107}],"model":"fake","#))
        #expect(brought.text.hasSuffix(#""inputs":{"candidate":[{},{},{}]}}"#), "\(brought.text)")
        let harness = try Self.harness(folder.path + "/spaced", hasSpace: true)
        let form = Form(
            [("text", "a dog"), ("candidate", "a cat"), ("candidate", "a tree")], image: nil,
            files: [("candidate", Photo.jpeg)])
        let answer = harness.send(form: "/v1/retrieve", form)
        #expect(
            answer.text.hasPrefix(
                #"{"hits":[{"id":"0","score":1,"scores":{"text":1}},{"id":"1","score":1,"scores":{"text":1}},{"id":"2","score":0,"#
            ),
            "\(answer.text)")
        let broken = Form(
            [("text", "a dog")], image: nil, files: [("candidate", Array("no photo at all, nor sound".utf8))])
        #expect(harness.send(form: "/v1/retrieve", broken).status == 415)
    }

    @Test func `a collection that was filled under the model's former digest is its own`() throws {
        let path = folder.path + "/former"
        let store = try CollectionStore(folder: path, threads: 1)
        try store.load()
        let done = Gate()
        let item = try Item(
            id: #require(ItemID("a")), kind: .image, vector: [1, 2, 3], metadata: JSONObject())
        try store.put(item, into: "old", from: .model(ModelOrigin(name: "fake", digest: "sha256:former"))) { _ in
            done.pass()
        }
        done.waitForArrival()
        done.open()
        store.close()
        let harness = try Harness(FakeModel(hasSpace: true)) { $0.data = path }
        #expect(harness.send("GET", "/v1/collections/old").value("usable") == .boolean(true))
        #expect(retrieve(#"{"collection":"old","embedding":[1,2,3]}"#, harness).status == 200)
        let put = harness.send("PUT", "/v1/collections/old/items/b", [("Content-Type", "image/jpeg")], body: Photo.jpeg)
        #expect(put.status == 201)
    }

    @Test func `a collection of another model is refused, with the command that makes it anew`() throws {
        let path = folder.path + "/other"
        let store = try CollectionStore(folder: path, threads: 1)
        try store.load()
        let done = Gate()
        let item = try Item(
            id: #require(ItemID("a")), kind: .image, vector: [1, 2, 3], metadata: JSONObject())
        try store.put(item, into: "old", from: .model(ModelOrigin(name: "old", digest: "sha256:1"))) { _ in done.pass()
        }
        done.waitForArrival()
        done.open()
        store.close()
        let harness = try Harness(FakeModel(hasSpace: true)) { $0.data = path }
        let computed = harness.model.counts.withLock(\.encodedImages)
        let answers = [
            retrieve(#"{"collection":"old","text":"a dog"}"#, harness),
            retrieve(#"{"collection":"old","embedding":[1,2,3]}"#, harness),
            harness.send("PUT", "/v1/collections/old/items/b", [("Content-Type", "image/jpeg")], body: Photo.jpeg),
        ]
        for answer in answers {
            #expect(answer.status == 409)
            #expect(answer.code == "other_model")
            #expect(answer.detail.contains("sensorium index <folder> --collection old --reembed"))
        }
        // Nothing was computed for them.
        #expect(harness.model.counts.withLock(\.encodedImages) == computed)
        #expect(harness.send("GET", "/v1/collections/old").value("usable") == .boolean(false))
        #expect(harness.send("GET", "/v1/collections/old/items/a").status == 200)
        #expect(harness.send("DELETE", "/v1/collections/old").status == 204)
    }

    @Test func `a server without a data folder says so`() throws {
        let answer = try Harness().send("GET", "/v1/collections")
        #expect(answer.status == 422)
        #expect(answer.code == "task_not_available")
        #expect(answer.detail.contains("--data"))
    }

    @Test func `collections are listed page by page, 100 where nothing else is asked for`() throws {
        let names = (0..<103).map { "c-\(1000 + $0)" }
        for name in names { #expect(put("a", #"{"embedding":[1]}"#, into: name).status == 201) }
        func page(_ query: String) -> (names: [String], next: String?) {
            let answer = harness.send("GET", "/v1/collections" + query)
            return (answer.text.matches(of: /"name":"([^"]+)"/).map { String($0.output.1) }, answer.string("next"))
        }
        let first = page("")
        #expect(first.names == Array(names[..<100]) && first.next == names[99])
        let rest = page("?after=\(names[99])")
        #expect(rest.names == Array(names[100...]) && rest.next == nil)
        #expect(page("?limit=103").next == nil)
        #expect(page("?after=c-1050x&limit=1").names == ["c-1051"])
        #expect(harness.send("GET", "/v1/collections?limit=1001").code == "invalid_option")
    }

    @Test func `the metrics count the items of each collection`() {
        #expect(put("a", #"{"embedding":[1,2]}"#).status == 201)
        #expect(put("b", #"{"embedding":[1,2]}"#).status == 201)
        let text = harness.send("GET", "/metrics").text
        #expect(text.contains(#"sensorium_collection_items{collection="own"} 2"#))
    }

    @Test func `a disk without room is 507 and stores nothing`() {
        let problem = Problem(RetrievalError.storageFull)
        #expect(problem?.status == 507)
        #expect(problem?.code == .storageFull)
    }
}

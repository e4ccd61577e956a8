import Foundation
import JSON
import Media
import TemporaryFolders
import Testing
import Yams

@testable import Service

@Suite struct `Contract` {
    static let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "openapi.yaml")
    let text: String
    let document: [String: Any]
    let routes: [Route]

    init() throws {
        text = try String(contentsOf: Self.url, encoding: .utf8)
        document = try #require(try Yams.load(yaml: text) as? [String: Any])
        routes = try Harness(isReady: false).service.handler.router.routes
    }

    private static let methods = ["get", "put", "post", "delete", "patch"]

    /// The value along a path of keys.
    private func value(_ path: String...) -> Any? {
        path.reduce(document as Any?) { ($0 as? [String: Any])?[$1] }
    }

    @Test func `the contract and the table of routes name the same methods and paths`() throws {
        let paths = try #require(value("paths") as? [String: [String: Any]])
        let documented = paths.flatMap { path, item in
            item.keys.filter(Self.methods.contains).map { "\($0.uppercased()) \(path)" }
        }
        #expect(documented.sorted() == routes.map { "\($0.method) \($0.template)" }.sorted())
    }

    @Test func `the contract that is served is the file at the root`() {
        #expect(String(decoding: PackageResources.openapi_yaml, as: UTF8.self) == text)
    }

    @Test func `the contract lists every code of a problem`() throws {
        let schema = try #require(value("components", "schemas", "Problem") as? [String: Any])
        let code = try #require((schema["properties"] as? [String: Any])?["code"] as? [String: Any])
        #expect(code["enum"] as? [String] == ProblemCode.allCases.map(\.rawValue))
    }

    @Test func `the options of each task are those of the contract, with type, range and default`() throws {
        for route in routes {
            // What a dialect takes is not written as our own options are.
            guard case .task(let task) = route.endpoint, route.dialect == nil else { continue }
            let operation = try #require(value("paths", route.template, route.method.lowercased()) as? [String: Any])
            let parameters = operation["parameters"] as? [[String: Any]] ?? []
            var documented: [String: OptionSchema] = [:]
            for parameter in parameters where parameter["in"] as? String == "query" {
                let name = try #require(parameter["name"] as? String)
                documented[name] = try Self.option(try #require(parameter["schema"] as? [String: Any]))
            }
            let declared = Dictionary(uniqueKeysWithValues: task.rules.options.map { ($0.name, $0.schema) })
            #expect(documented == declared, "\(route.template)")
            if !task.rules.parts.isEmpty { try checkBodies(operation, task, declared) }
        }
    }

    /// Form and JSON body have the same options, and the route's parts.
    private func checkBodies(
        _ operation: [String: Any], _ task: any TaskRoute, _ declared: [String: OptionSchema]
    ) throws {
        let content = try #require((operation["requestBody"] as? [String: Any])?["content"] as? [String: [String: Any]])
        var required: [String] = []
        for type in ["multipart/form-data", "application/json"] {
            let reference = try #require((content[type]?["schema"] as? [String: Any])?["$ref"] as? String)
            let name = try #require(reference.split(separator: "/").last)
            let schema = try #require(value("components", "schemas", String(name)) as? [String: Any])
            var properties = try #require(schema["properties"] as? [String: [String: Any]])
            required = schema["required"] as? [String] ?? []
            for part in task.rules.parts { #expect(properties.removeValue(forKey: part.name) != nil) }
            #expect(try properties.mapValues(Self.option) == declared, "\(name)")
        }
        // A raw body is one part: it will do where no other is needed.
        for part in task.rules.parts where part.kind == .image && Set(required).isSubset(of: [part.name]) {
            for format in ImageFormat.allCases { #expect(content[format.mediaType] != nil, "\(part.name)") }
        }
    }

    private static func option(_ schema: [String: Any]) throws -> OptionSchema {
        let number: (String) -> Double? = { key in (schema[key] as? Double) ?? (schema[key] as? Int).map(Double.init) }
        // In JSON any option may be null.
        let types = (schema["type"] as? [String])?.filter { $0 != "null" } ?? [schema["type"] as? String ?? ""]
        #expect(types.count == 1)
        switch types[0] {
        case "integer":
            let low = try #require(schema["minimum"] as? Int)
            return .integer(low...(try #require(schema["maximum"] as? Int)), standard: schema["default"] as? Int)
        case "number":
            let low = try #require(number("minimum") ?? number("exclusiveMinimum"))
            return .number(
                low...(try #require(number("maximum"))), isAbove: schema["minimum"] == nil,
                standard: number("default"))
        case "boolean": return .boolean(standard: try #require(schema["default"] as? Bool))
        default:
            guard let names = (schema["enum"] as? [Any])?.compactMap({ $0 as? String }) else {
                return .text(maxLength: try #require(schema["maxLength"] as? Int))
            }
            return .choice(names, standard: try #require(schema["default"] as? String))
        }
    }

    @Test func `every reference of the contract leads somewhere`() throws {
        for match in text.matches(of: /"#\/([A-Za-z0-9\/-]+)"/) {
            let keys = match.output.1.split(separator: "/").map(String.init)
            #expect(keys.reduce(document as Any?) { ($0 as? [String: Any])?[$1] } != nil, "\(match.output.1)")
        }
    }

    @Test(arguments: ["/v1/models", "/health", "/health/live", "/health/ready", "/health/startup"])
    func `answers have the members that the contract requires, and no others`(_ path: String) throws {
        let answer = try Harness().send("GET", path)
        #expect(answer.status == 200)
        let operation = try #require(value("paths", path, "get") as? [String: Any])
        let schema = try #require(Self.schema(ofAnswer: operation))
        try check(answer.value(), against: schema, path)
    }

    @Test func `the answers of tasks have the members that the contract requires, and no others`() throws {
        let harness = try Harness()
        let caption = harness.send(form: "/v1/caption", Form([("candidates", "2")]))
        try check(caption.value(), against: ["$ref": "#/components/schemas/CaptionAnswer"], "caption")
        for form in [Form([("text", "a dog")], image: nil), Form(), Form([("encoding", "base64")])] {
            let embedding = harness.send(form: "/v1/embed", form)
            try check(embedding.value(), against: ["$ref": "#/components/schemas/EmbedAnswer"], "embed")
        }
        for (name, form) in [
            ("VQA", Form([("question", "what is it?")])), ("Emotion", Form([("text", "oh no")])),
            ("Classify", Form([("text", "oh no")])),
        ] {
            let path = name == "Classify" ? "/v1/classify/mood" : "/v1/\(name.lowercased())"
            let answer = harness.send(form: path, form)
            #expect(answer.status == 200, "\(answer.text)")
            try check(answer.value(), against: ["$ref": "#/components/schemas/\(name)Answer"], name)
        }
        try checkCollections()
        let problem = harness.send("POST", "/v1/caption")
        try check(problem.value(), against: ["$ref": "#/components/schemas/Problem"], "problem")
    }

    @Test func `the answers of dialects have the members that the contract requires, and no others`() throws {
        let harness = try Harness(isReady: false)
        try harness.service.serve(FakeModel(), FakeWriter())
        let image = #"{"type": "image_url", "image_url": {"url": "\#(`Clients of OpenAI`.photo)"}}"#
        let messages = #""messages": [{"role": "user", "content": [\#(image)]}]"#
        let sound = Form(
            [("response_format", "verbose_json")], image: nil, files: [("file", Photo.file("audio/voice.flac"))])
        for (name, answer) in [
            ("OpenAIChatAnswer", harness.post("/v1/chat/completions", #"{"model": "writer", \#(messages)}"#)),
            ("OpenAIChatAnswer", harness.post("/v1/chat/completions", #"{"model": "fake", \#(messages)}"#)),
            ("OpenAIEmbeddingsAnswer", harness.post("/v1/embeddings", #"{"input": ["a", "b"]}"#)),
            ("OpenAITranscript", harness.send(form: "/v1/audio/transcriptions", sound)),
            ("OpenAIError", harness.post("/v1/embeddings", "{}")), ("TEIError", harness.post("/embed", "{}")),
            ("TEIVectors", harness.post("/embed", #"{"inputs": "a"}"#)), ("TEIInfo", harness.send("GET", "/info")),
            ("OllamaError", harness.post("/api/embed", "{}")), ("OllamaTags", harness.send("GET", "/api/tags")),
            ("OllamaVersion", harness.send("GET", "/api/version")),
            ("OllamaModel", harness.post("/api/show", #"{"model": "fake"}"#)),
            ("OllamaLine", harness.post("/api/generate", #"{"model": "writer", "prompt": "a", "stream": false}"#)),
            ("OllamaEmbedAnswer", harness.post("/api/embed", #"{"model": "fake", "input": "a"}"#)),
            ("OllamaEmbeddingsAnswer", harness.post("/api/embeddings", #"{"model": "fake", "prompt": "a"}"#)),
        ] {
            #expect(answer.status == (name.hasSuffix("Error") ? 422 : 200), "\(name) \(answer.text)")
            try check(answer.value(), against: ["$ref": "#/components/schemas/\(name)"], name)
        }
    }

    private func checkCollections() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let harness = try Harness(FakeModel(hasSpace: true)) { $0.data = path }
        let form = Form([("metadata", #"{"a":1}"#)])
        let stored = harness.send(
            "PUT", "/v1/collections/c/items/a", [("Content-Type", form.contentType)], body: form.body)
        try check(stored.value(), against: ["$ref": "#/components/schemas/ItemAnswer"], "put")
        for query in ["collection=c", "top=1"] {
            let query = harness.send(
                form: "/v1/retrieve?\(query)", Form(query == "top=1" ? [("candidate", "a dog")] : []))
            #expect(query.status == 200, "\(query.text)")
            try check(query.value(), against: ["$ref": "#/components/schemas/RetrieveAnswer"], "retrieve")
        }
        try checkSpace()
        for (template, path) in [
            ("/v1/collections", "/v1/collections"), ("/v1/collections/{collection}", "/v1/collections/c"),
            ("/v1/collections/{collection}/items", "/v1/collections/c/items"),
            ("/v1/collections/{collection}/items/{item}", "/v1/collections/c/items/a"),
        ] {
            let operation = try #require(value("paths", template, "get") as? [String: Any])
            let schema = try #require(Self.schema(ofAnswer: operation))
            try check(harness.send("GET", path).value(), against: schema, template)
        }
    }

    /// Scores, concepts and views, of a model that has them.
    private func checkSpace() throws {
        let harness = try `Queries of a joint space`.harness(try TemporaryFolder())
        let form = Form(
            [("text", "a circle"), ("candidate", "a square")], image: `Queries of a joint space`.picture("sketch"))
        let ranked = harness.send(form: "/v1/retrieve?explain=true&weight=0.3", form)
        #expect(ranked.status == 200, "\(ranked.text)")
        try check(ranked.value(), against: ["$ref": "#/components/schemas/RetrieveAnswer"], "explained")
        let operation = try #require(value("paths", "/v1/models", "get") as? [String: Any])
        let schema = try #require(Self.schema(ofAnswer: operation))
        try check(harness.send("GET", "/v1/models").value(), against: schema, "models")
    }

    private static func schema(ofAnswer operation: [String: Any]) -> [String: Any]? {
        let response = (operation["responses"] as? [String: Any])?["200"] as? [String: Any]
        let content = response?["content"] as? [String: [String: Any]]
        return content?["application/json"]?["schema"] as? [String: Any]
    }

    /// As much of JSON Schema as the contract uses.
    private func check(_ found: JSONValue?, against schema: [String: Any], _ place: String) throws {
        let found = try #require(found, "\(place) is missing")
        if let reference = schema["$ref"] as? String {
            let keys = reference.dropFirst(2).split(separator: "/").map(String.init)
            let target = keys.reduce(document as Any?) { ($0 as? [String: Any])?[$1] } as? [String: Any]
            return try check(found, against: try #require(target), place)
        }
        if let choices = schema["oneOf"] as? [[String: Any]] {
            let isText = if case .string = found { true } else { false }
            let choice = choices.first { ($0["type"] as? String == "string") == isText }
            return try check(found, against: try #require(choice), place)
        }
        let types = schema["type"] as? [String] ?? [schema["type"] as? String].compactMap(\.self)
        if case .null = found, types.contains("null") { return }
        switch (try #require(types.first, "\(place)"), found) {
        case ("object", .object(let members)):
            let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
            for name in schema["required"] as? [String] ?? [] { #expect(members[name] != nil, "\(place).\(name)") }
            for (name, value) in members {
                let others = schema["additionalProperties"]
                let patterns = schema["patternProperties"] as? [String: [String: Any]] ?? [:]
                let pattern = try patterns.first { try Regex($0.key).firstMatch(in: name) != nil }?.value
                if let property = properties[name] ?? pattern ?? others as? [String: Any] {
                    try check(value, against: property, "\(place).\(name)")
                } else {
                    #expect(others == nil, "\(place).\(name) is not in the contract")
                }
            }
        case ("array", .array(let values)):
            let items = schema["items"] as? [String: Any]
            for value in values { if let items { try check(value, against: items, place) } }
        case ("string", .string), ("integer", .integer), ("number", .integer), ("number", .number),
            ("boolean", .boolean):
            break
        case (let type, let other):
            Issue.record("\(place) should be \(type), but is \(other.summary)")
        }
    }
}

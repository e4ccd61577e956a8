import Foundation
import JSON
import TemporaryFolders
import Testing

@testable import Service

/// `sensorium search` against a server of this process, whose model gives each kind an axis of its own.
@Suite struct `Search command` {
    private let folder: TemporaryFolder
    private let harness: Harness
    private let server: String

    init() throws {
        folder = try TemporaryFolder()
        let path = folder.path
        let photos = path + "/photos/summer"
        try FileManager.default.createDirectory(atPath: photos, withIntermediateDirectories: true)
        try Data(Photo.jpeg).write(to: URL(filePath: photos + "/grey.jpg"))
        try Data(Photo.file("audio/voice.ogg")).write(to: URL(filePath: photos + "/voice.ogg"))
        harness = try Harness(FakeModel(hasSpace: true)) { $0.data = path + "/data" }
        server = "http://\(try #require(try harness.service.start().first))"
        let indexed = try Program.run(["index", path + "/photos", "--collection", "p", "--server", server])
        #expect(indexed.code == 0, "\(indexed.errors)")
    }

    private func search(_ arguments: [String], environment: [String: String] = [:]) throws -> Program.Outcome {
        try Program.run(["search", "--collection", "p", "--server", server] + arguments, environment: environment)
    }

    private var sound: String { folder.path + "/photos/summer/voice.ogg" }
    private var photo: String { folder.path + "/photos/summer/grey.jpg" }

    @Test func `where no terminal reads, the server's JSON is printed`() throws {
        let outcome = try search(["--audio", sound, "--top", "1"])
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(outcome.output.hasSuffix("}\n"))
        let asked = harness.send(
            form: "/v1/retrieve",
            Form([("collection", "p"), ("top", "1")], image: nil, files: [("audio", Photo.file("audio/voice.ogg"))]))
        guard case .object(let printed) = try JSONValue(parsing: Array(outcome.output.utf8)),
            case .object(let answered) = try JSONValue(parsing: asked.body)
        else { throw NoObject() }
        #expect(printed.keys == answered.keys)
        for key in answered.keys where key != "request_id" && key != "timing" {
            #expect(printed[key] == answered[key], "\(key)")
        }
    }

    private struct NoObject: Error {}

    @Test func `a table says rank, score, kind and path`() throws {
        let outcome = try search(["--audio", sound, "--no-json"])
        #expect(
            outcome.output == """
                    score  kind   item
                1  1.0000  audio  summer/voice.ogg
                2  0.0000  image  summer/grey.jpg

                """)
    }

    @Test func `a kind can be asked for alone`() throws {
        let outcome = try search(["--audio", sound, "--kind", "image", "--no-json"])
        #expect(outcome.output == "    score  kind   item\n1  0.0000  image  summer/grey.jpg\n")
        #expect(try search(["--text", "a dog", "--kind", "video"]).code == 2)
    }

    @Test func `a terminal gets the table, and previews where it shows pictures and the folder is known`() throws {
        let arguments = ["search", "--collection", "p", "--server", server, "--image", photo]
        let kitty = ["TERM": "xterm-kitty"]
        let plain = try Program.runOnTerminal(arguments, environment: kitty)
        #expect(plain.code == 0)
        #expect(
            plain.output.replacing("\r\n", with: "\n")
                == "    score  kind   item\n1  1.0000  image  summer/grey.jpg\n2  0.0000  audio  summer/voice.ogg\n")
        let pictures = arguments + ["--folder", folder.path + "/photos"]
        let shown = try Program.runOnTerminal(pictures, environment: kitty).output
        #expect(shown.ranges(of: "\u{1B}_Ga=T,f=100").count == 1)
        let lines = shown.components(separatedBy: "\r\n")
        #expect(lines.count == 5 && lines[1].hasSuffix("grey.jpg") && lines[2].hasPrefix("    \u{1B}_G"))
        #expect(try Program.runOnTerminal(pictures, environment: ["TERM": "dumb"]).output == plain.output)
        let sixels = try Program.runOnTerminal(pictures + ["--previews", "sixel"]).output
        #expect(sixels.contains("\u{1B}P0;1q"))
        #expect(
            try !Program.runOnTerminal(pictures + ["--previews", "off"], environment: kitty).output.contains("\u{1B}"))
        #expect(
            try search(["--image", photo, "--folder", folder.path + "/photos"], environment: kitty).output.hasPrefix(
                "{"))
    }

    @Test func `previews come from below the folder alone, and a file that is none is passed over`() throws {
        for (id, path) in [
            ("out", "../photos/summer/grey.jpg"), ("gone", "summer/gone.jpg"), ("sound", "summer/voice.ogg"),
        ] {
            let answer = harness.send(
                "PUT", "/v1/collections/q/items/\(id)", [("Content-Type", "multipart/form-data; boundary=XYZ")],
                body: Form([("metadata", "{\"path\":\"\(path)\"}")]).body)
            #expect(answer.status == 201)
        }
        let outcome = try Program.runOnTerminal(
            ["search", "--collection", "q", "--server", server, "--image", photo, "--folder", folder.path + "/photos"],
            environment: ["TERM": "xterm-kitty"])
        #expect(outcome.code == 0 && outcome.output.components(separatedBy: "\r\n").count == 5)
        #expect(!outcome.output.contains("\u{1B}"))
    }

    @Test func `what a collection holds cannot command the terminal`() throws {
        let answer = harness.send(
            "PUT", "/v1/collections/evil/items/a", [("Content-Type", "multipart/form-data; boundary=XYZ")],
            body: Form([("metadata", "{\"path\":\"\\u001b[2Jx\"}")]).body)
        #expect(answer.status == 201)
        let outcome = try Program.run(
            ["search", "--collection", "evil", "--server", server, "--text", "a", "--no-json"])
        #expect(outcome.output.hasSuffix("image  \u{FFFD}[2Jx\n"))
    }

    @Test func `a problem is told in the server's sentence, with exit code 1`() throws {
        let unknown = try Program.run(["search", "--collection", "none", "--server", server, "--text", "a dog"])
        #expect(unknown.code == 1 && unknown.errors.hasPrefix("sensorium: "))
        #expect(unknown.errors.contains("collection"))
        let damaged = folder.path + "/damaged.png"
        try Data(Photo.png.prefix(200)).write(to: URL(filePath: damaged))
        #expect(try search(["--image", damaged]).code == 1)
        let missing = try search(["--image", "/nonexistent.jpg"])
        #expect(missing.code == 1 && missing.errors.contains("/nonexistent.jpg"))
        #expect(harness.service.drain())
        let gone = try search(["--text", "a dog"])
        #expect(gone.code == 1 && gone.errors.contains("does not answer"), "\(gone.errors)")
    }

    @Test(arguments: [
        [], ["--text", "a", "--weight", "1.5"], ["--text", "a", "--weight", "nan"], ["--text", "a", "--weight", "0.5"],
        ["--image", "a.jpg", "--weight", "0.5"], ["--text", "a", "--view", "sketch"],
        ["--image", "a.jpg", "--view", "painting"], ["--text", "a", "--top", "0"], ["--text", "a", "--top", "1001"],
        ["--text", "a", "--collection", "a b"], ["--text", "a", "--previews", "always"],
    ])
    func `wrong usage ends with 2`(_ arguments: [String]) throws {
        let collection = arguments.contains("--collection") ? [] : ["--collection", "p"]
        let outcome = try Program.run(["search"] + collection + arguments)
        #expect(outcome.code == 2, "\(outcome.errors)")
    }

    @Test func `without a server the data folder and the model are needed`() throws {
        let used = try Program.run(["search", "--collection", "p", "--data", folder.path + "/data", "--text", "a"])
        #expect(used.code == 5 && used.errors.contains("--server"), "\(used.errors)")
        let none = try Program.run(
            ["search", "--collection", "p", "--data", folder.path + "/other", "--text", "a", "--model", "/nonexistent"])
        #expect(none.code == 3 && none.errors.contains("/nonexistent"), "\(none.errors)")
    }
}

/// `sensorium index` and `search` on a data folder, with a small checkpoint that has every part of a joint space.
@Suite struct `Search without a server` {
    private let folder: TemporaryFolder
    private let arguments: [String]

    init() throws {
        folder = try TemporaryFolder()
        let path = folder.path
        arguments = ["--collection", "p", "--data", path + "/data", "--model", Self.space.path]
        try FileManager.default.createDirectory(atPath: path + "/photos", withIntermediateDirectories: true)
        for name in ["photo.png", "sketch.png"] {
            try FileManager.default.copyItem(
                atPath: Self.space.appending(path: name).path, toPath: "\(path)/photos/\(name)")
        }
        try Data(Photo.file("audio/voice.ogg")).write(to: URL(filePath: path + "/photos/voice.ogg"))
        try Data("no sound".utf8).write(to: URL(filePath: path + "/photos/bad.flac"))
    }

    private static let space = Photo.folder.deletingLastPathComponent().appending(path: "space")

    private func search(_ more: [String]) throws -> Program.Outcome { try Program.run(["search"] + arguments + more) }

    @Test func `photos and sounds are stored, found, scored by key, and explained`() throws {
        let photos = folder.path + "/photos"
        let indexed = try Program.run(["index", photos] + arguments)
        #expect(indexed.code == 1 && indexed.errors.contains("bad.flac"), "\(indexed.errors)")
        #expect(indexed.output == "2 photos and 1 sound stored in \"p\", nothing unchanged, 1 sound failed.\n")
        let json = try search(["--image", photos + "/photo.png", "--text", "a circle", "--explain"])
        #expect(json.code == 0 && json.output.hasPrefix("{\"collection\":\"p\",\"hits\":["), "\(json.errors)")
        let table = try search(["--image", photos + "/photo.png", "--text", "a circle", "--explain", "--no-json"])
        let lines = table.output.split(separator: "\n")
        try #require(lines.count == 6, "\(table.output)")
        #expect(lines[0].split(separator: " ") == ["score", "text", "image", "kind", "near", "item"])
        #expect(
            lines[1...3].contains { $0.contains("  image  ") && $0.hasSuffix("  photo.png") && $0.contains(" 1.0000 ") }
        )
        #expect(lines[4].hasPrefix("text: near \"") && lines[5].hasPrefix("image, a photo: near \""))
        let sketch = try search(["--image", photos + "/photo.png", "--view", "sketch", "--no-json"])
        #expect(sketch.output.hasSuffix("image, a sketch\n"), "\(sketch.output)")
        let sound = try search(["--audio", photos + "/voice.ogg", "--no-json", "--top", "1"])
        #expect(sound.output == "    score  kind   item\n1  1.0000  audio  voice.ogg\n")
        let leaning = try search(["--image", photos + "/photo.png", "--text", "a circle", "--weight", "0", "--no-json"])
        #expect(leaning.output.contains(/\n1 +1\.0000 .*  photo\.png\n/), "\(leaning.output)")
        let remade = try Program.run(["index", photos, "--reembed"] + arguments)
        #expect(remade.output == "2 photos and 1 sound stored in \"p\", nothing unchanged, 1 sound failed.\n")
    }

    @Test func `a collection that is not there, and one without anything like it, are told apart`() throws {
        let none = try search(["--text", "a circle"])
        #expect(none.code == 1 && none.errors.contains("collection"), "\(none.errors)")
        _ = try Program.run(["index", folder.path + "/photos"] + arguments)
        let nothing = try Program.run(
            ["search", "--kind", "audio", "--top", "1"] + arguments + ["--text", "a circle", "--no-json"])
        #expect(nothing.output.contains("voice.ogg"))
    }
}

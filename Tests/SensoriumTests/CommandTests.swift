import ArgumentParser
import Checkpoint
import Foundation
import Networks
import TemporaryFolders
import Testing

@testable import sensorium

/// What commands take, and what they say where they do not.
@Suite struct `A command` {
    private let folder: TemporaryFolder
    private let model = ["--model", CommandRun.model]

    init() throws { folder = try TemporaryFolder() }

    // MARK: Files

    @Test func `has a line of JSON for each file, also for those that fail`() throws {
        try Data("no photo".utf8).write(to: folder.url("bad.jpg"))
        let run = try CommandRun(
            ["caption", "--json", CommandRun.photo, folder.url("bad.jpg").path, "/nowhere.jpg", CommandRun.photo]
                + model)
        #expect(run.code == 1 && run.lines.count == 4)
        for place in [0, 3] { #expect(run.lines[place].hasPrefix(#"{"file":"\#(CommandRun.photo)","caption":""#)) }
        #expect(run.lines[1].contains(#""error":"The bytes are"#))
        #expect(
            run.lines[2]
                == #"{"file":"/nowhere.jpg","error":"The file /nowhere.jpg cannot be read: No such file or directory."}"#
        )
        #expect(!run.errors.contains("send"))
        #expect(run.errors.hasSuffix("sensorium: 2 of 4 files could not be described.\n"))
    }

    @Test func `has a line for each input that is to be a vector`() throws {
        let run = try CommandRun(
            ["embed", "--text", "a dog", "--image", "/nowhere.jpg", "--image", CommandRun.photo] + model)
        #expect(run.code == 1 && run.lines.count == 3)
        #expect(run.lines[0].hasPrefix("[") && run.lines[2].hasPrefix("["))
        #expect(run.lines[1].hasPrefix(#"{"file":"/nowhere.jpg","error":"#))
    }

    @Test func `says beside its answer what of a text is cut`() throws {
        let words = String(repeating: "a dog ", count: 400)
        let run = try CommandRun(["embed", "--text", words] + model)
        #expect(run.code == 0 && run.lines.count == 1)
        #expect(
            run.errors == "sensorium: The text has 802 word pieces, more than the model reads: it was cut.\n",
            "\(run.errors)")
    }

    /// A model of nothing but a tower of images, whose weights are 0.
    private func writeImageModel() throws {
        let fixtures = CommandRun.root.appending(path: "Tests/Fixtures/networks/fusion")
        try folder.copy(fixtures.appending(path: "preprocessor_config.json").path, as: "preprocessor_config.json")
        let tower = "{\"type\": \"efficientnet_lite2\", \"image_size\": 260, \"tokens\": 81, \"channels\": 1280}"
        let configuration =
            "{\"model_type\": \"sensorium\", \"name\": \"eye\", \"towers\": {\"image\": \(tower)}, \"heads\": {}}"
        try Data(configuration.utf8).write(to: folder.url("config.json"))
        var entries: [String] = []
        var end = 0
        for tensor in Weights.asked(by: { _ = EfficientNetLite($0["image"]) }) {
            let begin = end
            end += 2 * tensor.shape.reduce(1, *)
            entries.append(
                "\"\(tensor.name)\":{\"dtype\":\"F16\",\"shape\":\(tensor.shape),\"data_offsets\":[\(begin),\(end)]}")
        }
        var header = Array("{\(entries.joined(separator: ","))}".utf8)
        header += repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        let file = withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header
        try Data(file + [UInt8](repeating: 0, count: end)).write(to: folder.url("model.safetensors"))
    }

    @Test func `says of a model without a text tower that it cannot embed texts`() throws {
        try writeImageModel()
        let run = try CommandRun(["embed", "--text", "a dog", "--model", folder.path])
        #expect(run.code == 1)
        let sentence = #"The model eye cannot embed "text"; it can embed "image"."#
        #expect(run.lines == [#"{"file":"a dog","error":"\#(sentence.replacing("\"", with: "\\\""))"}"#])
        #expect(run.errors.contains("sensorium: a dog: \(sentence)\n"))
    }

    @Test func `says of standard input that it cannot be read`() throws {
        let run = try CommandRun(["tokenize"] + model, before: "exec </tmp")
        #expect(run.code == 1 && run.output.isEmpty)
        #expect(run.errors == "sensorium: Standard input cannot be read: Is a directory.\n")
    }

    @Test func `what of a sound is not heard is said beside the answer`() throws {
        let wave = CommandRun.root.appending(path: "Tests/Fixtures/media/audio/speech-8k-mulaw.wav")
        let whole = try Data(contentsOf: wave)
        let cut = folder.url("cut.wav")
        try whole.prefix(whole.count / 2).write(to: cut)
        let run = try CommandRun(["emotion", "--audio", cut.path] + model)
        #expect(run.code == 0 && !run.output.isEmpty)
        #expect(run.errors.hasPrefix("sensorium: \(cut.path): ") && run.errors.hasSuffix(" s of it are missing.\n"))
        #expect(try CommandRun(["emotion", "--audio", wave.path] + model).errors.isEmpty)
    }

    @Test func `says of an empty file that it is one, and refuses an empty text`() throws {
        let run = try CommandRun(["caption", "/dev/null"] + model)
        #expect(run.code == 1 && run.errors.contains("The file /dev/null is empty."))
        #expect(try CommandRun(["emotion", "--text", " "] + model).code == 1)
    }

    @Test func `refuses an option that no photo can make good as wrong usage`() throws {
        let run = try CommandRun(["caption", "--beams", "99", CommandRun.photo, CommandRun.photo] + model)
        #expect(run.code == 2 && run.output.isEmpty)
        #expect(run.errors.contains("it takes a whole number from 1 to 8"))
    }

    @Test(arguments: ["caption", "ask", "emotion", "embed", "read"])
    func `answers what a server answers`(_ command: String) throws {
        let given: [String: [String]] = [
            "caption": [CommandRun.photo], "ask": [CommandRun.photo, "what is this?"], "emotion": ["--text", "oh no"],
            "embed": ["--text", "a dog"],
            "read": [CommandRun.root.appending(path: "Tests/Fixtures/words/askew.png").path],
        ]
        let run = try CommandRun(
            [command] + (given[command] ?? []) + ["--json"].filter { _ in command != "embed" } + model)
        #expect(run.code == 0 && run.errors.isEmpty && run.lines.count == 1)
        for frame in ["request_id", "timing"] { #expect(!run.output.contains(frame)) }
    }

    @Test func `says of a folder that it is one`() throws {
        let run = try CommandRun(["caption", folder.path] + model)
        #expect(run.code == 1)
        #expect(run.errors.contains("The file \(folder.path) cannot be read: it is a folder; name the files in it."))
    }

    @Test(arguments: ["-", "/dev/stdin", "/dev/fd/0"]) func `reads standard input`(_ name: String) throws {
        let photo = try Data(contentsOf: URL(filePath: CommandRun.photo))
        let run = try CommandRun(["caption", name] + model, input: photo)
        #expect(run.code == 0 && run.lines == ["a coffee cup is sitting on a table"])
        let piped = try CommandRun(["caption", name] + model, before: "cat \(CommandRun.photo) |")
        #expect(piped.lines == run.lines)
    }

    @Test func `reads standard input once`() throws {
        let photo = try Data(contentsOf: URL(filePath: CommandRun.photo))
        let run = try CommandRun(["caption", "-", "-"] + model, input: photo)
        #expect(run.code == 1 && run.lines.count == 1)
        #expect(
            run.errors.contains("Standard input (-) cannot be read: it can be read once, and is named a second time."))
    }

    @Test func `opens a file whose name is no UTF-8`() throws {
        let run = try CommandRun(
            ["--json"] + model,
            before: "cp \(CommandRun.photo) \(folder.path)/$(printf 'caf\\351.jpg'); set -- caption "
                + "\(folder.path)/$(printf 'caf\\351.jpg') \"$@\"")
        #expect(run.code == 0)
        #expect(run.output.hasPrefix(#"{"file":"\#(folder.path)/caf\\xE9.jpg","caption":""#))
    }

    // MARK: The model

    @Test(arguments: [
        ["caption", CommandRun.photo], ["ask", CommandRun.photo, "what?"], ["emotion", "--text", "x"],
        ["embed", "--text", "x"], ["tokenize"], ["bench", "tower"],
        ["search", "--collection", "c", "--text", "x", "--data", "DATA"],
        ["index", "FOLDER", "--collection", "c", "--data", "DATA"],
    ]) func `that finds no model says where it looked and how to name one`(_ arguments: [String]) throws {
        let given = arguments.map { ["DATA": folder.url("data").path, "FOLDER": folder.path][$0] ?? $0 }
        let run = try CommandRun(given, folder: "/usr")
        #expect(run.code == 3)
        for words in ["models/sensorium-base below /usr", "--model FOLDER", "SENSORIUM_MODEL"] {
            #expect(run.errors.contains(words), "\(run.errors)")
        }
    }

    @Test func `that is given a repository that was not fetched says how to fetch it`() throws {
        let run = try CommandRun(
            ["embed", "--text", "x", "--model", "someone/something"], folder: "/usr",
            environment: ["HF_HUB_CACHE": folder.path])
        #expect(run.code == 3 && run.errors.contains("sensorium pull someone/something"), "\(run.errors)")
    }

    @Test func `that serves without a model says so too`() throws {
        let run = try CommandRun(["serve", "--port", "0", "--data", "off"], folder: "/usr")
        #expect(run.code == 3 && run.errors.contains("--model FOLDER"))
    }

    @Test(arguments: [["caption", CommandRun.photo], ["tokenize"], ["embed", "--text", "x"], ["bench", "tower"]])
    func `finds its model by SENSORIUM_MODEL`(_ arguments: [String]) throws {
        let run = try CommandRun(
            arguments, input: Data("a\n".utf8), folder: "/usr", environment: ["SENSORIUM_MODEL": CommandRun.model])
        #expect(run.code == 0, "\(run.errors)")
    }

    @Test(.enabled(if: !FileManager.default.fileExists(atPath: "/usr/bin/swift")))
    func `of make says what to install where there is no Swift`() throws {
        let run = try CommandRun([], before: "PATH=/usr/bin:/bin; exec make -C '\(CommandRun.root.path)' run")
        #expect(run.code == 2)
        #expect(
            run.errors.contains("Swift 6.3 is needed") && run.errors.contains("https://www.swift.org/install/linux/"))
        #expect(!run.output.contains("apt"))
    }

    // MARK: Usage

    @Test(arguments: [
        ["search", "--collection", "c", "--text", "a", "--text", "b"],
        ["search", "--collection=c", "--collection", "d"],
        ["serve", "--port", "1", "--port=2"], ["emotion", "--text", "a", "--text", "b"],
        ["bench", "search", "--items", "1", "--items", "2"], ["collections", "check", "--data", "a", "--data", "b"],
        ["tokenize", "--model", "a", "--model", "b"], ["caption", "x.jpg", "--beams", "1", "--beams", "2"],
    ]) func `refuses an option of one value that is given twice`(_ arguments: [String]) throws {
        let run = try CommandRun(arguments)
        #expect(run.code == 2)
        #expect(run.errors.contains(" is given 2 times, and takes one value. See sensorium \(arguments[0])"))
    }

    @Test func `takes several values where it takes several`() throws {
        #expect(try CommandRun(["embed", "--text", "a", "--text", "b"] + model).lines.count == 2)
    }

    @Test(arguments: [
        ("https://example.org", "does not speak TLS"), ("example.org:8080", "http://HOST:PORT"),
        ("http://[::1]:8080", "IPv6"), ("http://:80", "http://HOST:PORT"), ("http://h:0", "1 to 65535"),
    ]) func `says how a server is named`(_ server: String, _ words: String) throws {
        for command in [["search", "--text", "x"], ["index", "/"]] {
            let run = try CommandRun(command + ["--collection", "c", "--server", server])
            #expect(run.code == 2 && run.errors.contains(words), "\(run.errors)")
        }
    }

    @Test func `names a server that is not known`() throws {
        let run = try CommandRun(
            ["search", "--text", "x", "--collection", "c", "--server", "http://no-such-host.invalid"])
        #expect(run.code == 1 && run.errors.contains("its name is not known"))
    }

    @Test func `says what an origin looks like`() throws {
        let run = try CommandRun(["serve", "--cors-origin", "localhost:3000"])
        #expect(run.code == 2 && run.errors.contains("such as https://app.example.org or http://localhost:3000"))
    }

    @Test func `says how a collection is made that is not there`() throws {
        let run = try CommandRun(
            ["search", "--collection", "none", "--text", "x", "--data", folder.url("data").path] + model)
        #expect(run.code == 1)
        #expect(
            run.errors
                == "sensorium: There is no collection \"none\" in the data folder \(folder.url("data").path). Make it with "
                + "sensorium index --collection none --data \(folder.url("data").path) FOLDER.\n")
    }

    @Test func `says how a collection is made where it was looked for`() throws {
        func advice(_ arguments: String...) throws -> String {
            try SearchCommand.parse(["--collection", "none", "--text", "x"] + arguments).missing().sentence
        }
        #expect(
            try advice("--server", "http://localhost:8080")
                == "There is no collection \"none\" at the server. Make it with sensorium index --collection none "
                + "--server http://127.0.0.1:8080 FOLDER.")
        #expect(try advice().hasSuffix(" Make it with sensorium index --collection none FOLDER."))
    }

    @Test(arguments: [
        ["embed", "--text"], ["emotion", "--text"], ["search", "--collection", "c", "--text"],
        ["ask", CommandRun.photo], ["caption", CommandRun.photo, "--prompt"],
    ]) func `refuses words that are no UTF-8`(_ arguments: [String]) throws {
        let run = try CommandRun(arguments, before: "set -- \"$@\" \"$(printf 'caf\\351')\"")
        #expect(run.code == 2)
        #expect(run.errors.contains(" has bytes that are no UTF-8: caf\\xE9. Give it in UTF-8."), "\(run.errors)")
    }

    // MARK: Inspecting

    @Test func `names every fault of a model, wherever it is`() throws {
        let tiny = CommandRun.root.appending(path: "Tests/Fixtures/space")
        for name in ["config.json", "model.safetensors", "tokenizer.json"] {
            try folder.copy(tiny.appending(path: name).path, as: name)
        }
        #expect(try CommandRun(["inspect", folder.path]).code == 0)
        var configuration = try String(contentsOf: folder.url("config.json"), encoding: .utf8)
        configuration.replace(/"intermediate_size": *64/, with: "\"intermediate_size\": 96")
        try Data(configuration.utf8).write(to: folder.url("config.json"))
        try Data("{}".utf8).write(to: folder.url("tokenizer.json"))
        try Data("{\"size\": 1}".utf8).write(to: folder.url("preprocessor_config.json"))
        let run = try CommandRun(["inspect", folder.path])
        #expect(run.code == 3)
        for words in ["preprocessor_config.json", "tokenizer.json", "but config.json asks for"] {
            #expect(run.errors.contains(words), "\(run.errors)")
        }
    }
}

import TemporaryFolders
import Testing

@testable import Service

@Suite struct `A file of settings` {
    private func settings(_ text: String) throws(Setting.Invalid) -> ServiceConfiguration {
        try ServiceConfiguration(file: file(text), environment: [:], flags: [:])
    }

    private func file(_ text: String) throws(Setting.Invalid) -> ConfigurationFile {
        try ConfigurationFile(parsing: text, path: "s.toml")
    }

    @Test(arguments: Setting.table.map(\.name))
    func `says every setting as a flag does`(_ name: String) throws {
        let setting = try #require(Setting.table.first { $0.name == name })
        let value = try #require(Settings.others[name])
        var byFlag = ServiceConfiguration()
        try setting.set(value, in: &byFlag, source: "--\(name)")
        let written = setting.valueName == nil ? value : setting.isList ? "[\"\(value)\"]" : "\"\(value)\""
        var byFile = ServiceConfiguration()
        for text in try #require(file("\(name) = \(written)").entry(name)).texts {
            try setting.set(text, in: &byFile, source: "s.toml")
        }
        #expect("\(byFile)" == "\(byFlag)")
    }

    @Test func `is what holds where neither flag nor variable says otherwise`() throws {
        let file = try file("port = 1\nhost = '::1'\ncors-origin = ['https://a', 'https://b']")
        let configuration = try ServiceConfiguration(
            file: file, environment: ["SENSORIUM_PORT": "2", "SENSORIUM_HOST": "::2"], flags: ["port": ["3"]])
        #expect(configuration.http.port == 3)
        #expect(configuration.http.host == "::2")
        #expect(configuration.corsOrigins == ["https://a", "https://b"])
        let replaced = try ServiceConfiguration(
            file: file, environment: [:], flags: ["cors-origin": ["https://c"]])
        #expect(replaced.corsOrigins == ["https://c"])
    }

    @Test func `has comments, empty lines, and lists over several lines`() throws {
        let configuration = try settings(
            """
            # Of this machine
            \tport=8_081   # not 8080\r

            model = [ # two of them
                "/srv/base",

                'captions=/srv/blip', # the better one
            ]
            open-metrics = true
            target-wait = 1.5e0
            """)
        #expect(configuration.http.port == 8081)
        #expect(configuration.models.map(\.folder) == ["/srv/base", "/srv/blip"])
        #expect(configuration.openMetrics)
        #expect(configuration.targetWait == 1.5)
    }

    @Test(arguments: [
        (#""a\tb\"\\\u00e9\U0001F600""#, "a\tb\"\\é😀"), (#"'a\tb"'"#, #"a\tb""#), ("\"# no comment\"", "# no comment"),
    ]) func `has texts in two kinds of quotes`(_ written: String, _ text: String) throws {
        #expect(try settings("data = \(written)").data == text)
    }

    @Test(arguments: [
        ("\n\nprot = 1", 3, "did you mean port?"), ("something-else = 1", 1, "sensorium options lists"),
        ("port = 1\nport = 2", 2, "second time, after line 1"), ("port = 70000", 1, "from 0 to 65535"),
        ("port = [\n\"1\"]", 1, "takes one value, not a list"), ("port = true", 1, "takes a value"),
        ("open-metrics = \"true\"", 1, "without quotes"), ("open-metrics = 1", 1, "without quotes"),
        ("cors-origin = [\"https://a\",\n 1]", 2, "texts in quotes"), ("host = localhost", 1, "write a text in quotes"),
        ("host =", 1, "nothing is no value"), ("host", 1, "equals sign"), ("host = \"a", 1, "not closed"),
        ("host = \"a\nb\"", 1, "ends on the line"), ("host = 'a' 'b'", 1, "something stands behind"),
        ("[server]\nport = 1", 1, "no tables"), ("server.port = 1", 1, "equals sign"),
        ("\"port\" = 1", 1, "name of a setting"),
        ("host = \"\\q\"", 1, "backslash"), ("host = \"\\uD800\"", 1, "backslash"), ("host = \"\\u12", 1, "backslash"),
        ("port = 010", 1, "no value"), ("port = 0x10", 1, "no value"), ("target-wait = inf", 1, "no value"),
        ("target-wait = 1.", 1, "no value"), ("port = 1__0", 1, "no value"),
        ("data = \"\"\"a\"\"\"", 1, "something stands"),
        ("port = 1\r", 1, "carriage return"), ("cors-origin = [\"https://a\" \"https://b\"]", 1, "comma"),
        ("cors-origin = [\"https://a\"", 1, "comma"),
    ]) func `that is wrong is refused with its name and line`(_ text: String, _ line: Int, _ words: String) throws {
        let error = #expect(throws: Setting.Invalid.self) { try settings(text) }
        let sentence = try #require(error?.description)
        #expect(sentence.hasPrefix("s.toml, line \(line): "), "\(sentence)")
        #expect(sentence.contains(words), "\(sentence)")
    }

    @Test func `that cannot be read is refused by name`() throws {
        let folder = try TemporaryFolder()
        for path in [folder.path, folder.path + "/none"] {
            let error = #expect(throws: Setting.Invalid.self) { try ConfigurationFile(path) }
            #expect(error?.description.contains(path) == true)
        }
        #expect(try ConfigurationFile.named("off") == nil)
    }
}

@Suite struct `The data folder where none is named` {
    private func folder(_ environment: [String: String], _ folders: Set<String> = []) -> String {
        ServiceConfiguration.usualData(environment) { folders.contains($0) }
    }

    @Test func `is what systemd made for the service, before all else`() {
        let environment = ["STATE_DIRECTORY": "/var/lib/sensorium:/var/lib/other", "HOME": "/home/a"]
        #expect(folder(environment, ["./data"]) == "/var/lib/sensorium")
    }

    @Test(arguments: ["./data", "models/sensorium-base"])
    func `is ./data where that is there, and in the source`(_ present: String) {
        #expect(folder(["HOME": "/home/a", "XDG_DATA_HOME": "/d"], [present]) == "./data")
    }

    @Test func `is the user's elsewhere`() {
        #expect(folder(["HOME": "/home/a", "XDG_DATA_HOME": "/d"]) == "/d/sensorium")
        #expect(folder(["HOME": "/home/a", "XDG_DATA_HOME": "d"]) == "/home/a/.local/share/sensorium")
        #expect(folder(["HOME": "/home/a"]) == "/home/a/.local/share/sensorium")
        #expect(folder([:]) == "./data")
    }
}

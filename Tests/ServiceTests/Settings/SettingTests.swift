import Foundation
import Testing

@testable import Service

@Suite struct `Settings` {
    private func configuration(
        _ environment: [String: String] = [:], _ flags: [String: [String]] = [:]
    ) throws(Setting.Invalid) -> ServiceConfiguration {
        try ServiceConfiguration(environment: environment, flags: flags)
    }

    /// A value of each setting that is not its default.
    static let others: [String: String] = [
        "model": "elsewhere", "data": "items", "host": "::1", "port": "9090", "threads": "3", "io-threads": "2",
        "decoders": "1", "min-confidence": "0.5", "idle-unload": "60",
        "max-batch": "4", "batch-window": "0.5", "access-log": "json", "max-body": "1MiB", "max-part": "1KiB",
        "max-parts": "3", "max-text": "1KiB", "max-pixels": "1000", "max-audio-seconds": "7", "max-memory": "64MiB",
        "max-header-bytes": "8KiB",
        "max-headers": "10", "max-target": "1KiB", "max-connections": "5", "max-queue": "6", "max-unsent": "1MiB",
        "min-upload-rate": "100", "header-timeout": "1",
        "body-timeout": "2", "idle-timeout": "3", "write-timeout": "4", "decode-seconds": "8", "target-wait": "7",
        "request-deadline": "5", "drain-seconds": "6", "lame-duck-seconds": "1",
        "api-keys": "keys", "open-metrics": "true", "rate-limit": "10/s:30", "cors-origin": "https://a.example",
        "trusted-proxy": "10.0.0.0/8", "sandbox": "try",
        "tls-certificate": "cert.pem", "tls-key": "key.pem",
    ]

    @Test(arguments: Setting.table.map(\.name))
    func `every setting changes the configuration, by flag and by variable alike`(_ name: String) throws {
        let setting = try #require(Setting.table.first { $0.name == name })
        let value = try #require(Self.others[name])
        var (byFlag, byVariable) = (ServiceConfiguration(), ServiceConfiguration())
        try setting.set(value, in: &byFlag, source: "--\(name)")
        try setting.set(value, in: &byVariable, source: setting.variable)
        #expect("\(byFlag)" != "\(ServiceConfiguration())")
        #expect("\(byFlag)" == "\(byVariable)")
    }

    @Test func `a flag wins over its variable, and both over the default`() throws {
        #expect(try configuration().http.port == 8080)
        #expect(try configuration(["SENSORIUM_PORT": "1"]).http.port == 1)
        #expect(try configuration(["SENSORIUM_PORT": "1"], ["port": ["2"]]).http.port == 2)
    }

    @Test func `a list is given several times as a flag, and with commas as a variable`() throws {
        #expect(
            try configuration([:], ["cors-origin": ["https://a", "https://b"]]).corsOrigins == [
                "https://a", "https://b",
            ])
        #expect(
            try configuration(["SENSORIUM_CORS_ORIGIN": "https://a, https://b"]).corsOrigins == [
                "https://a", "https://b",
            ])
    }

    @Test(arguments: [
        "https://app.example.org", "http://localhost:3000", "http://127.0.0.1:8080", "https://[::1]:8443", "null", "*",
        "chrome-extension://abcdefgh", "http://a.example:443",
    ]) func `an origin as browsers send it is taken`(_ origin: String) throws {
        #expect(try configuration([:], ["cors-origin": [origin]]).corsOrigins == [origin])
    }

    @Test(arguments: [
        "localhost:3000", "app.example.org", "https://app.example.org/", "https://App.example.org",
        "https://a.example:443",
        "http://a.example:80", "https://", "https://a.example/path", "https://a b", "http://a.example:99999",
        "http://a.example:080", "https://*.example.org", "",
    ]) func `an origin that no page has is refused, and one shown`(_ origin: String) {
        let error = #expect(throws: Setting.Invalid.self) { try configuration([:], ["cors-origin": [origin]]) }
        #expect(error?.description.contains("such as https://app.example.org or http://localhost:3000") == true)
    }

    @Test func `an unknown variable is refused, and the nearest known one named`() {
        let error = #expect(throws: Setting.Invalid.self) { try configuration(["SENSORIUM_MAX_BODDY": "1"]) }
        #expect(error?.description.contains("did you mean SENSORIUM_MAX_BODY?") == true)
        #expect(throws: Never.self) { try configuration(["OTHER_MAX_BODDY": "1"]) }
    }

    @Test func `the key of clients may be set where the server has keys, and protects nothing where it has none`() {
        let variables = ["SENSORIUM_API_KEY": "secret"]
        #expect(throws: Never.self) { try configuration(variables, ["api-keys": ["/etc/keys"]]) }
        let error = #expect(throws: Setting.Invalid.self) { try configuration(variables) }
        #expect(error?.description.contains("--api-keys") == true)
        #expect(error?.description.contains("secret") == false)
    }

    @Test(arguments: [
        ("port", "65536"), ("port", "-1"), ("port", "http"), ("max-body", "0"), ("max-body", "1XB"), ("max-body", "-1"),
        ("max-body", "99999999999GiB"), ("header-timeout", "0"), ("header-timeout", "nan"), ("access-log", "xml"),
        ("open-metrics", "maybe"), ("trusted-proxy", "10.0.0.1/8"), ("trusted-proxy", "proxy.example"),
        ("rate-limit", "0/s"), ("rate-limit", "fast"), ("host", ""), ("max-queue", "0"),
    ])
    func `a value out of range is refused with value, range and default`(_ name: String, _ value: String) throws {
        let error = #expect(throws: Setting.Invalid.self) { try configuration([:], [name: [value]]) }
        let sentence = try #require(error?.description)
        #expect(sentence.hasPrefix("--\(name) is \"\(value)\"; it takes "))
        let standard = try #require(Setting.table.first { $0.name == name }).standard
        if let standard { #expect(sentence.contains("(default \(standard))")) }
    }

    @Test func `settings that belong together are checked together`() {
        #expect(throws: Setting.Invalid.self) { try configuration([:], ["tls-key": ["key.pem"]]) }
        #expect(throws: Setting.Invalid.self) { try configuration([:], ["max-memory": ["1MiB"]]) }
    }

    @Test(arguments: [
        ("0", 0), ("65536", 65536), ("64KiB", 65536), ("32MiB", 33_554_432), ("1GiB", 1_073_741_824), ("2 KiB", 2048),
    ])
    func `bytes are written as people do`(_ text: String, _ bytes: Int) {
        #expect(ByteCount.parse(text) == bytes)
        #expect(ByteCount.parse(ByteCount.text(bytes)) == bytes)
    }

    /// The README of the checkout; empty where there is none yet.
    static let readme: String = {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "README.md")
        return (try? String(contentsOf: url, encoding: .utf8)) ?? ""
    }()

    @Test(.enabled(if: readme.contains("| flag | variable |")))
    func `the README's table is the one that the program prints`() {
        #expect(
            Self.readme.contains(Setting.markdown),
            "put the output of `sensorium options --markdown` into README.md")
    }

    @Test func `every variable and flag is named once`() {
        #expect(Set(Setting.table.map(\.variable)).count == Setting.table.count)
        #expect(Set(Setting.table.map(\.name)) == Set(Self.others.keys))
    }
}

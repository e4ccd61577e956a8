/// One thing an operator can set: as a flag (`--max-body 8MiB`), an environment variable (`SENSORIUM_MAX_BODY=8MiB`) or in a
/// file (`max-body = "8MiB"`); a flag wins over a variable, and that over the file.
public struct Setting: Sendable {
    /// The flag without its dashes: `max-body`.
    public let name: String
    /// What stands for the value in help: `<bytes>`; nil for a flag that takes none.
    public let valueName: String?
    /// What it is for.
    public let help: String
    /// The default as help shows it; nil where it is off.
    public let standard: String?
    /// Whether it may be given several times (in its variable: separated by commas).
    public let isList: Bool
    private let apply: @Sendable (String, inout ServiceConfiguration) -> Bool
    private let expectation: String

    /// The environment variable: `SENSORIUM_MAX_BODY`.
    public var variable: String { Self.variablePrefix + name.uppercased().replacing("-", with: "_") }

    /// What the names of all variables begin with.
    public static let variablePrefix = "SENSORIUM_"

    /// Why a setting was refused: a sentence.
    public struct Invalid: Error, Equatable, CustomStringConvertible {
        /// The sentence.
        public let description: String
    }

    /// Sets the value in a configuration.
    /// - Parameter source: how the operator gave it, for the message: `--port` or `SENSORIUM_PORT`.
    public func set(_ text: String, in configuration: inout ServiceConfiguration, source: String) throws(Invalid) {
        guard apply(text, &configuration) else {
            let note = standard.map { " (default \($0))" } ?? ""
            throw Invalid(description: "\(source) is \"\(text)\"; it takes \(expectation)\(note).")
        }
    }
}

extension Setting {
    typealias Field<Value> = WritableKeyPath<ServiceConfiguration, Value> & Sendable

    private static func standard<Value>(_ field: Field<Value>) -> Value { ServiceConfiguration()[keyPath: field] }

    static func text(
        _ name: String, _ valueName: String, _ field: Field<String>, standard text: String? = nil, _ help: String
    ) -> Setting {
        Setting(
            name: name, valueName: valueName, help: help, standard: text ?? standard(field), isList: false,
            apply: { text, configuration in
                configuration[keyPath: field] = text
                return !text.isEmpty
            }, expectation: "a text")
    }

    static func models(_ name: String, _ field: Field<[ModelSource]>, _ help: String) -> Setting {
        Setting(
            name: name, valueName: "folder", help: help, standard: ServiceConfiguration.usualModelText, isList: true,
            apply: { text, configuration in
                guard let source = ModelSource(text) else { return false }
                configuration[keyPath: field].append(source)
                return true
            },
            expectation: "a folder, or name=folder with a name of letters, digits, dots, hyphens and underscores")
    }

    static func path(_ name: String, _ field: Field<String?>, _ help: String) -> Setting {
        Setting(
            name: name, valueName: "file", help: help, standard: nil, isList: false,
            apply: { text, configuration in
                configuration[keyPath: field] = text
                return !text.isEmpty
            }, expectation: "the path of a file")
    }

    static func origins(_ name: String, _ field: Field<[String]>, _ help: String) -> Setting {
        Setting(
            name: name, valueName: "origin", help: help, standard: nil, isList: true,
            apply: { text, configuration in
                configuration[keyPath: field].append(text)
                return CrossOrigin.isOrigin(text)
            },
            expectation:
                "an origin as browsers send it, such as https://app.example.org or http://localhost:3000 (small letters, "
                + "a port unless it is the scheme's own, and nothing behind), null, or * for every one")
    }

    static func networks(_ name: String, _ field: Field<[IPNetwork]>, _ help: String) -> Setting {
        Setting(
            name: name, valueName: "address", help: help, standard: nil, isList: true,
            apply: { text, configuration in
                guard let network = IPNetwork(text) else { return false }
                configuration[keyPath: field].append(network)
                return true
            },
            expectation: "an address such as 10.0.0.5 or 2001:db8::5, or a network such as 10.0.0.0/8, of which no bit "
                + "behind the prefix is set")
    }

    static func flag(_ name: String, _ field: Field<Bool>, _ help: String) -> Setting {
        Setting(
            name: name, valueName: nil, help: help, standard: nil, isList: false,
            apply: { text, configuration in
                guard let value = ["true": true, "1": true, "false": false, "0": false][text] else { return false }
                configuration[keyPath: field] = value
                return true
            }, expectation: "true or false")
    }

    static func count(
        _ name: String, _ range: ClosedRange<Int>, _ field: Field<Int>, zero: String? = nil, _ help: String
    ) -> Setting {
        Setting(
            name: name, valueName: "number", help: help,
            standard: standard(field) == 0 ? zero ?? "0" : String(standard(field)), isList: false,
            apply: { text, configuration in
                guard let value = Int(text), range.contains(value) else { return false }
                configuration[keyPath: field] = value
                return true
            }, expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }

    static func bytes(
        _ name: String, _ range: ClosedRange<Int>, _ field: Field<Int>, zero: String? = nil, _ help: String
    ) -> Setting {
        Setting(
            name: name, valueName: "bytes", help: help,
            standard: standard(field) == 0 ? zero ?? "0" : ByteCount.text(standard(field)), isList: false,
            apply: { text, configuration in
                guard let value = ByteCount.parse(text), range.contains(value) else { return false }
                configuration[keyPath: field] = value
                return true
            },
            expectation:
                "a number of bytes such as 65536, 64KiB or 32MiB, from \(ByteCount.text(range.lowerBound)) "
                + "to \(ByteCount.text(range.upperBound))")
    }

    static func number(
        _ name: String, _ valueName: String, _ range: ClosedRange<Double>, _ field: Field<Double>,
        _ help: String
    ) -> Setting {
        Setting(
            name: name, valueName: valueName, help: help,
            standard: standard(field).formatted, isList: false,
            apply: { text, configuration in
                guard let value = Double(text), range.contains(value) else { return false }
                configuration[keyPath: field] = value
                return true
            }, expectation: "a number from \(range.lowerBound.formatted) to \(range.upperBound.formatted)")
    }

    static func rate(_ name: String, _ field: Field<RateLimit?>, _ help: String) -> Setting {
        Setting(
            name: name, valueName: "rate", help: help, standard: nil, isList: false,
            apply: { text, configuration in
                configuration[keyPath: field] = RateLimit(text)
                return configuration[keyPath: field] != nil
            }, expectation: "a whole number per s, m or h such as 10/s, with or without a burst such as 10/s:30")
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ field: Field<Value>, _ help: String
    ) -> Setting {
        let names = Value.allCases.map(\.rawValue)
        return Setting(
            name: name, valueName: names.joined(separator: "|"), help: help, standard: standard(field).rawValue,
            isList: false,
            apply: { text, configuration in
                guard let value = Value(rawValue: text) else { return false }
                configuration[keyPath: field] = value
                return true
            }, expectation: names.joined(separator: " or "))
    }
}

/// Numbers of bytes as people write them.
enum ByteCount {
    private static let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)]

    /// `33554432` and `32MiB`; nil where it is neither.
    static func parse(_ text: String) -> Int? {
        for (name, size) in units where text.hasSuffix(name) {
            guard let count = Int(text.dropLast(name.count).trimmed), count >= 0 else { return nil }
            let (bytes, overflows) = count.multipliedReportingOverflow(by: size)
            return overflows ? nil : bytes
        }
        return nil
    }

    /// The shortest way to write it: `32MiB`.
    static func text(_ bytes: Int) -> String {
        let (name, size) = units.first { bytes >= $0.1 && bytes % $0.1 == 0 } ?? ("", 1)
        return "\(bytes / size)\(name)"
    }
}

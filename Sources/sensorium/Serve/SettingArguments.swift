import ArgumentParser
import Service

/// One option for each row of `Setting.table`. ArgumentParser finds the options of a type by reflection, so the type reflects
/// the table, and a setting is declared nowhere else.
struct SettingArguments: ParsableArguments, CustomReflectable {
    /// What was given on the command line, by the name of the setting.
    private(set) var values: [String: [String]] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for setting in Setting.table {
            let key = Key(stringValue: setting.name)
            if setting.valueName == nil {
                values[setting.name] = try container.decode(Flag<Bool>.self, forKey: key).wrappedValue ? ["true"] : []
            } else if setting.isList {
                values[setting.name] = try container.decode(Option<[String]>.self, forKey: key).wrappedValue
            } else {
                let value = try container.decode(Option<String?>.self, forKey: key).wrappedValue
                values[setting.name] = value.map { [$0] } ?? []
            }
        }
    }

    var customMirror: Mirror {
        Mirror(
            self, children: Setting.table.map { (label: $0.name, value: Self.argument($0)) }, displayStyle: .struct)
    }

    private static func argument(_ setting: Setting) -> Any {
        let name = NameSpecification.customLong(setting.name)
        let notes = [setting.standard.map { "default: \($0)" }, setting.variable].compactMap(\.self)
        let help = ArgumentHelp(
            "\(setting.help) (\(notes.joined(separator: "; ")))", valueName: setting.valueName ?? "")
        if setting.valueName == nil { return Flag(wrappedValue: false, name: name, help: help) }
        if setting.isList { return Option(wrappedValue: [String](), name: name, parsing: .singleValue, help: help) }
        return Option(name: name, help: help) as Option<String?>
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }

        init?(intValue: Int) { nil }
    }
}

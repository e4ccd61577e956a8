import Glibc
import OperatingSystem

/// Settings in a file: each row of ``Setting/table`` may stand there, by its name.
public struct ConfigurationFile: Sendable {
    /// One setting of the file.
    struct Entry: Sendable, Equatable {
        let name: String
        let line: Int
        /// As a flag takes them; of a list any number.
        let texts: [String]
    }

    /// Where a packaged server has its file.
    public static let standardPath = "/etc/sensorium/sensorium.toml"
    /// The variable that names another.
    public static let variable = "SENSORIUM_CONFIG"

    private let path: String
    private let entries: [String: Entry]

    /// How many settings the file has.
    public var count: Int { entries.count }

    /// The file that was named, or the standard one where that is there; nil for `off`.
    public static func named(_ path: String?) throws(Setting.Invalid) -> ConfigurationFile? {
        if path == "off" || path == nil && access(standardPath, F_OK) != 0 { return nil }
        return try ConfigurationFile(path ?? standardPath)
    }

    /// Reads a file.
    public init(_ path: String) throws(Setting.Invalid) {
        let bytes: [UInt8]
        do throws(SmallFile.Failure) {
            bytes = try SmallFile.bytes(path)
        } catch {
            let reason =
                switch error {
                case .system(let code): String(cString: strerror(code))
                case .notRegular: "it is no regular file"
                case .tooLarge: "it has more than \(SmallFile.maxBytes) bytes"
                }
            throw Setting.Invalid(description: "The file of settings \(path) cannot be read: \(reason).")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Setting.Invalid(description: "The file of settings \(path) is no UTF-8.")
        }
        try self.init(parsing: text, path: path)
    }

    /// Reads the text of a file.
    init(parsing text: String, path: String) throws(Setting.Invalid) {
        self.path = path
        var entries: [String: Entry] = [:]
        do throws(ConfigurationText.Problem) {
            for assignment in try ConfigurationText.assignments(text) {
                let entry = try Self.entry(assignment)
                if let first = entries.updateValue(entry, forKey: entry.name) {
                    throw ConfigurationText.Problem(
                        line: entry.line,
                        reason: "\(entry.name) is set a second time, after line \(first.line); it may be set once")
                }
            }
        } catch {
            throw Setting.Invalid(description: "\(path), line \(error.line): \(error.reason).")
        }
        self.entries = entries
    }

    /// What the file says of a setting; nil where it says nothing.
    func entry(_ name: String) -> Entry? { entries[name] }

    /// How an entry is called in the message that refuses its value.
    func source(_ entry: Entry) -> String { "\(path), line \(entry.line): \(entry.name)" }

    /// An assignment as a setting of the table, with a value of its kind.
    private static func entry(_ assignment: ConfigurationText.Assignment) throws(ConfigurationText.Problem) -> Entry {
        let name = assignment.key
        func problem(_ reason: String) -> ConfigurationText.Problem { .init(line: assignment.line, reason: reason) }
        guard let setting = Setting.table.first(where: { $0.name == name }) else {
            let nearest = nearestName(to: name, among: Setting.table.map(\.name))
            throw problem(
                "the setting \"\(name)\" is not known; "
                    + (nearest.map { "did you mean \($0)?" } ?? "sensorium options lists those that are"))
        }
        let texts: [String]
        switch assignment.value {
        case .truth(let value):
            guard setting.valueName == nil else { throw problem("\(name) takes a value, not true or false") }
            texts = ["\(value)"]
        case .text(let text), .number(let text):
            guard setting.valueName != nil else { throw problem("\(name) takes true or false, without quotes") }
            texts = [text]
        case .list(let list):
            guard setting.isList else { throw problem("\(name) takes one value, not a list") }
            texts = list
        }
        return Entry(name: name, line: assignment.line, texts: texts)
    }
}

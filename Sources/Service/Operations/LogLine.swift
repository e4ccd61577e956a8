import Glibc
import JSON

/// How log lines look.
public enum LogStyle: String, Sendable, CaseIterable {
    /// `2026-01-31T12:00:00.000Z info message key=value` for people.
    case text
    /// One JSON object per line for machines.
    case json
}

/// A moment of the wall clock, to the millisecond.
public struct LogTime: Sendable, Equatable, CustomStringConvertible {
    /// Milliseconds since 1970 in UTC.
    public var milliseconds: Int

    /// That many milliseconds after the beginning of 1970.
    public init(milliseconds: Int) {
        self.milliseconds = milliseconds
    }

    /// Now.
    public static var now: LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(milliseconds: time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
    }

    /// RFC 3339 in UTC: `2026-01-31T12:00:00.000Z`.
    public var description: String {
        "\(toTheSecond).\(Self.padded(milliseconds - seconds * 1000, 3))Z"
    }

    /// RFC 3339 in UTC without what is below a second: `2026-01-31T12:00:00Z`.
    static func text(seconds: Int) -> String { LogTime(milliseconds: seconds * 1000).toTheSecond + "Z" }

    private var seconds: Int { Int((Double(milliseconds) / 1000).rounded(.down)) }

    private var toTheSecond: String {
        let days = Int((Double(seconds) / 86_400).rounded(.down))
        let rest = seconds - days * 86_400
        let (year, month, day) = Self.date(days)
        return [
            "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))T",
            "\(Self.padded(rest / 3600, 2)):\(Self.padded(rest / 60 % 60, 2)):\(Self.padded(rest % 60, 2))",
        ].joined()
    }

    /// The date that many days after 1 January 1970 (H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days).
    private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month < 10 ? 0 : 1), month < 10 ? month + 3 : month - 9, day)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

/// One line of the log.
public struct LogLine: Sendable {
    /// The value of a field.
    public enum Value: Sendable, Equatable {
        case text(String)
        case count(Int)
        /// A time span, written in milliseconds with three digits at most.
        case milliseconds(Duration)
    }

    /// When.
    public var time: LogTime
    /// How bad: `info`, `error` …
    public var level: String
    /// What, in words.
    public var message: String
    /// Details, in order.
    public var fields: [(key: String, value: Value)]

    /// A line.
    public init(_ level: String, _ message: String, at time: LogTime = .now, fields: [(key: String, value: Value)] = [])
    {
        self.time = time
        self.level = level
        self.message = message
        self.fields = fields
    }

    /// The line as bytes, its line feed included. Control characters are escaped, so that nobody can forge lines.
    public func bytes(_ style: LogStyle) -> [UInt8] {
        switch style {
        case .text: Array(text.utf8)
        case .json: json
        }
    }

    private var text: String {
        let details = fields.map { " \(Self.token($0.key))=\(Self.token($0.value.text))" }.joined()
        return "\(time) \(level) \(Self.escaped(message, quotes: false))\(details)\n"
    }

    private var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("time", time.description)
            json.field("level", level)
            json.field("message", message)
            var keys: Set = ["time", "level", "message"]
            for (key, value) in fields {
                var distinct = key
                while !keys.insert(distinct).inserted { distinct += "_" }
                switch value {
                case .text(let text): json.field(distinct, text)
                case .count(let count): json.field(distinct, count)
                case .milliseconds(let duration):
                    // Cannot fail: a duration is a finite number.
                    try? json.field(distinct, duration.roundedMilliseconds)
                }
            }
        }
        return json.bytes + [0x0A]
    }

    /// A key or value of the text style: quoted if it could be read otherwise than meant.
    private static func token(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0 != "=" && !isControl($0) }
        return isPlain ? text : "\"\(escaped(text, quotes: true))\""
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\"" where quotes: result += "\\\""
            case "\\" where quotes: result += "\\\\"
            case _ where isControl(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension LogLine.Value {
    fileprivate var text: String {
        switch self {
        case .text(let text): text
        case .count(let count): "\(count)"
        case .milliseconds(let duration): "\(duration.roundedMilliseconds)"
        }
    }
}

extension Duration {
    fileprivate var roundedMilliseconds: Double { (inSeconds * 1e6).rounded() / 1e3 }
}

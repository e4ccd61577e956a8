/// The part of TOML 1.0 in which settings are written: lines `key = value` with a text in one kind of quotes or the other, a number,
/// true or false, or a list of texts, which may go over several lines; and comments. Tables, dates and keys of several steps,
/// which no setting needs, are refused, so that every file that is read here is TOML and means the same (decision 0229).
struct ConfigurationText {
    /// A value, with what is written in place of its quotes and escapes.
    enum Value: Equatable {
        case text(String)
        /// Without the underscores between its digits.
        case number(String)
        case truth(Bool)
        case list([String])
    }

    /// A line, or several of a list.
    struct Assignment: Equatable {
        let line: Int
        let key: String
        let value: Value
    }

    /// What cannot be read.
    struct Problem: Error, Equatable {
        let line: Int
        /// A sentence without its end.
        let reason: String
    }

    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var line = 1

    /// The assignments of a text, in its order.
    static func assignments(_ text: String) throws(Problem) -> [Assignment] {
        var reader = ConfigurationText(scalars: Array(text.unicodeScalars))
        var assignments: [Assignment] = []
        while true {
            try reader.skip(lineEnds: true)
            guard reader.next != nil else { return assignments }
            assignments.append(try reader.assignment())
        }
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private func problem(_ reason: String) -> Problem { Problem(line: line, reason: reason) }

    /// Passes over blanks and a comment, and where they do not matter over the ends of lines.
    private mutating func skip(lineEnds: Bool) throws(Problem) {
        while let scalar = next {
            switch scalar {
            case " ", "\t": place += 1
            case "#": while let passed = next, passed != "\n", passed != "\r" { place += 1 }
            case "\n", "\r":
                guard lineEnds else { return }
                try endLine()
            default: return
            }
        }
    }

    private mutating func endLine() throws(Problem) {
        if next == "\r" { place += 1 }
        guard next == "\n" else { throw problem("a carriage return stands alone; lines end with a line feed") }
        place += 1
        line += 1
    }

    private mutating func assignment() throws(Problem) -> Assignment {
        let start = line
        let key = word {
            $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-" || $0 == "_")
        }
        guard !key.isEmpty else {
            throw problem(
                next == "["
                    ? "there are no tables here: each line is a setting and its value"
                    : "a line begins with the name of a setting, of letters, digits and hyphens")
        }
        try skip(lineEnds: false)
        guard next == "=" else { throw problem("an equals sign is missing behind \(key)") }
        place += 1
        try skip(lineEnds: false)
        let value = try value(of: key)
        try skip(lineEnds: false)
        guard next == nil || next == "\n" || next == "\r" else {
            throw problem("something stands behind the value of \(key)")
        }
        return Assignment(line: start, key: key, value: value)
    }

    private mutating func word(_ isPart: (Unicode.Scalar) -> Bool) -> String {
        var word = String.UnicodeScalarView()
        while let scalar = next, isPart(scalar) {
            word.append(scalar)
            place += 1
        }
        return String(word)
    }

    private mutating func value(of key: String) throws(Problem) -> Value {
        switch next {
        case "\""?, "'"?: return .text(try text())
        case "["?: return .list(try list(of: key))
        default:
            let word = word { !" \t\r\n,]#".unicodeScalars.contains($0) }
            if let truth = ["true": true, "false": false][word] { return .truth(truth) }
            let number = #/[+-]?(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?/#
            guard word.wholeMatch(of: number) != nil else {
                throw problem(
                    "\(word.isEmpty ? "nothing" : word) is no value for \(key); write a text in quotes, a number, true or false, or a "
                        + "list of texts in brackets")
            }
            return .number(word.replacing("_", with: ""))
        }
    }

    private mutating func list(of key: String) throws(Problem) -> [String] {
        place += 1
        var texts: [String] = []
        while true {
            try skip(lineEnds: true)
            if next == "]" { break }
            guard next == "\"" || next == "'" else {
                throw problem("the list of \(key) takes texts in quotes, and ends with ]")
            }
            texts.append(try text())
            try skip(lineEnds: true)
            if next == "]" { break }
            guard next == "," else { throw problem("a comma or ] is missing in the list of \(key)") }
            place += 1
        }
        place += 1
        return texts
    }

    /// A text in double quotes, with escapes, or in single ones, in which everything stands for itself.
    private mutating func text() throws(Problem) -> String {
        let quote = next
        place += 1
        var text = String.UnicodeScalarView()
        while let scalar = next, scalar != quote {
            guard scalar == "\t" || scalar.value >= 0x20 && scalar.value != 0x7F else {
                throw problem("a text ends on the line on which it begins, and has no control characters")
            }
            place += 1
            text.append(scalar == "\\" && quote == "\"" ? try escaped() : scalar)
        }
        guard next == quote else { throw problem("the quotes of a text are not closed") }
        place += 1
        return String(text)
    }

    private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
        "b": "\u{8}", "t": "\t", "n": "\n", "f": "\u{C}", "r": "\r", "\"": "\"", "\\": "\\",
    ]

    private mutating func escaped() throws(Problem) -> Unicode.Scalar {
        let mark = next
        place += 1
        if let mark, let scalar = Self.escapes[mark] { return scalar }
        let digits = mark == "u" ? 4 : mark == "U" ? 8 : 0
        let code = String(String.UnicodeScalarView(scalars[min(place, scalars.count)...].prefix(digits)))
        guard digits > 0, code.unicodeScalars.count == digits, code.allSatisfy(\.isHexDigit),
            let scalar = UInt32(code, radix: 16).flatMap(Unicode.Scalar.init)
        else {
            throw problem(
                "a backslash begins one of \\\\ \\\" \\n \\t \\r \\b \\f \\uXXXX \\UXXXXXXXX, or stands in single quotes"
            )
        }
        place += digits
        return scalar
    }
}

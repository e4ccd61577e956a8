/// A piece of a template's code.
enum TemplateToken: Equatable {
    case name(String)
    case string(String)
    case integer(Int)
    case number(Double)
    case symbol(String)
}

/// A part of a template: text that stands as it is, something to be written, or a statement.
struct TemplatePart {
    enum Kind {
        case text(String)
        case output([TemplateToken])
        case statement([TemplateToken])
    }

    let kind: Kind
    let line: Int
}

/// Cuts a template into parts, as Jinja does with `trim_blocks` and `lstrip_blocks`, which transformers sets: the line break behind a
/// statement or a comment, and the blanks before one at the beginning of a line, do not count; nor does all white space next to a
/// hyphen inside the braces, nor the line break at the end of the template.
struct TemplateLexer {
    private let text: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    private var parts: [TemplatePart] = []

    /// The parts of a template.
    static func parts(of template: String) throws(ChatTemplateError) -> [TemplatePart] {
        // Line breaks are one character, and the last one is dropped.
        var scalars = Array(template.replacing("\r\n", with: "\n").replacing("\r", with: "\n").unicodeScalars)
        if scalars.last == "\n" { scalars.removeLast() }
        var lexer = TemplateLexer(text: scalars)
        return try lexer.cut()
    }

    private init(text: [Unicode.Scalar]) { self.text = text }

    private func looking(at word: String, from place: Int) -> Bool {
        var place = place
        for scalar in word.unicodeScalars {
            guard place < text.count, text[place] == scalar else { return false }
            place += 1
        }
        return true
    }

    private mutating func cut() throws(ChatTemplateError) -> [TemplatePart] {
        var plain: [Unicode.Scalar] = []
        // Whether white space is dropped until something else comes.
        var strips = false
        // Where the plain text begins that a statement at the beginning of a line may shorten.
        var startsLine = true
        while position < text.count {
            guard text[position] == "{", position + 1 < text.count, "{%#".unicodeScalars.contains(text[position + 1])
            else {
                let scalar = text[position]
                if scalar == "\n" { line += 1 }
                position += 1
                if strips, scalar.properties.isWhitespace { continue }
                strips = false
                plain.append(scalar)
                continue
            }
            let kind = text[position + 1]
            let sign = position + 2 < text.count ? text[position + 2] : " "
            if sign == "-" {
                while plain.last?.properties.isWhitespace == true { plain.removeLast() }
            } else if kind != "{", sign != "+" {
                shorten(&plain, startsLine)
            }
            if !plain.isEmpty { parts.append(TemplatePart(kind: .text(string(plain)), line: line)) }
            plain = []
            let start = line
            position += sign == "-" || sign == "+" ? 3 : 2
            let tokens = kind == "#" ? nil : try tokens(until: kind == "{" ? "}}" : "%}")
            let end = try kind == "#" ? endOfComment() : end(kind == "{" ? "}}" : "%}")
            strips = end == "-"
            startsLine = false
            if kind != "{", end != "-", end != "+", position < text.count, text[position] == "\n" {
                position += 1
                line += 1
                startsLine = true
            }
            if let tokens {
                parts.append(TemplatePart(kind: kind == "{" ? .output(tokens) : .statement(tokens), line: start))
            }
        }
        if !plain.isEmpty { parts.append(TemplatePart(kind: .text(string(plain)), line: line)) }
        return parts
    }

    /// Drops the blanks at the end where nothing else stands before them in their line.
    private func shorten(_ plain: inout [Unicode.Scalar], _ startsLine: Bool) {
        var count = plain.count
        while count > 0, plain[count - 1] != "\n", plain[count - 1].properties.isWhitespace { count -= 1 }
        if count > 0 ? plain[count - 1] == "\n" : startsLine { plain.removeLast(plain.count - count) }
    }

    private func string(_ scalars: [Unicode.Scalar]) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    private mutating func endOfComment() throws(ChatTemplateError) -> Unicode.Scalar? {
        let start = line
        while position < text.count {
            if looking(at: "#}", from: position) {
                let before = text[position - 1]
                position += 2
                return before == "-" || before == "+" ? before : nil
            }
            if text[position] == "\n" { line += 1 }
            position += 1
        }
        throw .unsupported("a comment that does not end", line: start)
    }

    /// Passes the end of a part; the hyphen before it, if there is one.
    private mutating func end(_ word: String) throws(ChatTemplateError) -> Unicode.Scalar? {
        let sign = text[position]
        position += sign == "-" || sign == "+" ? 3 : 2
        return sign == "-" || sign == "+" ? sign : nil
    }

    private static let symbols = [
        "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}",
        ",",
        ".", ":", "|",
    ]

    private mutating func tokens(until end: String) throws(ChatTemplateError) -> [TemplateToken] {
        var tokens: [TemplateToken] = []
        let start = line
        // Braces of a dictionary that are open: what closes them does not end the part.
        var open = 0
        while position < text.count {
            let scalar = text[position]
            if open == 0,
                looking(at: end, from: position) || looking(at: "-" + end, from: position)
                    || looking(at: "+" + end, from: position)
            {
                return tokens
            }
            if scalar.properties.isWhitespace {
                if scalar == "\n" { line += 1 }
                position += 1
            } else if scalar == "'" || scalar == "\"" {
                tokens.append(.string(try quoted(by: scalar)))
            } else if scalar == "_" || scalar.properties.isXIDStart {
                let first = position
                while position < text.count, text[position] == "_" || text[position].properties.isXIDContinue {
                    position += 1
                }
                tokens.append(.name(string(Array(text[first..<position]))))
            } else if ("0"..."9").contains(scalar) {
                tokens.append(try number())
            } else if let symbol = Self.symbols.first(where: { looking(at: $0, from: position) }) {
                if symbol == "{" { open += 1 }
                if symbol == "}" { open -= 1 }
                position += symbol.unicodeScalars.count
                tokens.append(.symbol(symbol))
            } else {
                throw .unsupported("the character \"\(scalar)\" in code", line: line)
            }
        }
        throw .unsupported("code that does not end with \"\(end)\"", line: start)
    }

    private mutating func number() throws(ChatTemplateError) -> TemplateToken {
        let first = position
        func digits(_ place: inout Int) { while place < text.count, ("0"..."9").contains(text[place]) { place += 1 } }
        digits(&position)
        var isWhole = true
        if position + 1 < text.count, text[position] == ".", ("0"..."9").contains(text[position + 1]) {
            isWhole = false
            position += 1
            digits(&position)
        }
        let digits = string(Array(text[first..<position]))
        if isWhole, let value = Int(digits) { return .integer(value) }
        if !isWhole, let value = Double(digits) { return .number(value) }
        throw .unsupported("the number \(digits)", line: line)
    }

    private mutating func quoted(by quote: Unicode.Scalar) throws(ChatTemplateError) -> String {
        var scalars: [Unicode.Scalar] = []
        position += 1
        while position < text.count, text[position] != quote {
            var scalar = text[position]
            if scalar == "\n" { line += 1 }
            position += 1
            if scalar == "\\", position < text.count {
                scalar = text[position]
                position += 1
                switch scalar {
                case "n": scalar = "\n"
                case "t": scalar = "\t"
                case "r": scalar = "\r"
                case "\n": continue
                case "\\", "'", "\"": break
                case "x", "u": scalar = try escaped(digits: scalar == "x" ? 2 : 4)
                case "0"..."9", "a", "b", "f", "v", "N", "U":
                    throw .unsupported("the escape \"\\\(scalar)\" in a text", line: line)
                default: scalars.append("\\")
                }
            }
            scalars.append(scalar)
        }
        guard position < text.count else { throw .unsupported("a text that does not end", line: line) }
        position += 1
        return string(scalars)
    }

    private mutating func escaped(digits: Int) throws(ChatTemplateError) -> Unicode.Scalar {
        guard position + digits <= text.count,
            let value = UInt32(string(Array(text[position..<position + digits])), radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw .unsupported("an escape that is no character", line: line) }
        position += digits
        return scalar
    }
}

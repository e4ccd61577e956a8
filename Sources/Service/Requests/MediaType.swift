/// A media type with its parameters, as in `Content-Type` (RFC 9110 section 8.3.1).
struct MediaType: Sendable, Equatable {
    /// Type and subtype in lower case: `image/jpeg`.
    let name: String
    /// Parameters in order; names in lower case, values unquoted.
    let parameters: [Parameter]

    /// One parameter, such as `charset=utf-8`.
    struct Parameter: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// The value of the parameter of that name.
    subscript(parameter: String) -> String? {
        parameters.first { $0.name == parameter }?.value
    }

    /// Reads a field value; nil where it has no `type/subtype`.
    init?(_ value: String) {
        let pieces = Self.split(value, at: ";")
        let name = pieces[0].trimmed.lowercased()
        let halves = name.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ !$0.isEmpty && !$0.contains(" ") }) else { return nil }
        self.name = name
        parameters = pieces.dropFirst().compactMap(Self.parameter)
    }

    /// Reads `name=value` or `name="value"`; nil where there is no name.
    static func parameter(_ piece: Substring) -> Parameter? {
        guard let equals = piece.firstIndex(of: "=") else { return nil }
        let name = piece[..<equals].trimmed.lowercased()
        let value = unquoted(piece[piece.index(after: equals)...].trimmed)
        return name.isEmpty ? nil : Parameter(name: name, value: value)
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, text.first == "\"", text.last == "\"" else { return text }
        var value = ""
        var escaped = false
        for character in text.dropFirst().dropLast() {
            if character == "\\", !escaped {
                escaped = true
            } else {
                value.append(character)
                escaped = false
            }
        }
        return value
    }

    /// Splits at a separator that stands outside of quotes; at least one piece.
    static func split(_ text: String, at separator: Character) -> [Substring] {
        var pieces: [Substring] = []
        var start = text.startIndex
        var (quoted, escaped) = (false, false)
        for index in text.indices {
            let character = text[index]
            if escaped {
                escaped = false
            } else if quoted, character == "\\" {
                escaped = true
            } else if character == "\"" {
                quoted.toggle()
            } else if character == separator, !quoted {
                pieces.append(text[start..<index])
                start = text.index(after: index)
            }
        }
        return pieces + [text[start...]]
    }
}

extension StringProtocol {
    /// The text without spaces and tabs at its ends.
    var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}

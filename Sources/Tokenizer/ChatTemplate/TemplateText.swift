/// What Python and Jinja do to texts.
enum TemplateText {
    /// `str.isspace` of one character.
    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }

    /// `str.strip`, `lstrip` and `rstrip`: of white space, or of the characters of `set`.
    static func stripped(_ text: String, _ set: String?, left: Bool, right: Bool) -> String {
        let characters = set.map { Set($0.unicodeScalars) }
        func isDropped(_ scalar: Unicode.Scalar) -> Bool { characters?.contains(scalar) ?? isSpace(scalar) }
        var scalars = text.unicodeScalars[...]
        while left, let first = scalars.first, isDropped(first) { scalars.removeFirst() }
        while right, let last = scalars.last, isDropped(last) { scalars.removeLast() }
        return String(scalars)
    }

    /// `str.split` at white space.
    static func words(_ text: String) -> [String] {
        text.unicodeScalars.split(whereSeparator: isSpace).map { String($0) }
    }

    /// `str.capitalize`
    static func capitalized(_ text: String) -> String {
        guard let first = text.unicodeScalars.first else { return "" }
        return first.properties.titlecaseMapping + String(text.unicodeScalars.dropFirst()).lowercased()
    }

    /// `str.title`
    static func titled(_ text: String) -> String {
        var result = ""
        var isWithin = false
        for scalar in text.unicodeScalars {
            result += isWithin ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
            isWithin = scalar.properties.isCased
        }
        return result
    }

    /// Jinja's filter `title`: words begin behind white space, hyphens and opening brackets.
    static func filteredTitle(_ text: String) -> String {
        var result = ""
        var isWithin = false
        for scalar in text.unicodeScalars {
            if isSpace(scalar) || "-({[<".unicodeScalars.contains(scalar) {
                result.unicodeScalars.append(scalar)
                isWithin = false
            } else {
                result += isWithin ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
                isWithin = true
            }
        }
        return result
    }
}

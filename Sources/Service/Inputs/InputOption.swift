/// An option that a route takes: its name, what it may be and what it is when not given. Declared once; messages,
/// validation and the test against `openapi.yaml` come from the declaration.
///
///     static let beams = InputOption.integer("beams", in: 1...8, standard: 3)
///     let beams = inputs[Self.beams]
struct InputOption<Value: Sendable>: Sendable {
    /// The declaration without its type, for lists.
    let rule: OptionRule
    /// The value when the option is not given.
    let standard: Value
    /// Reads a given value; nil where it is not valid.
    let read: @Sendable (OptionValue) -> Value?

    fileprivate init(
        _ name: String, _ schema: OptionSchema, standard: Value, read: @escaping @Sendable (OptionValue) -> Value?
    ) {
        rule = OptionRule(name: name, schema: schema, accepts: { read($0) != nil })
        self.standard = standard
        self.read = read
    }
}

/// An option's name and what it may be.
struct OptionRule: Sendable {
    let name: String
    let schema: OptionSchema
    let accepts: @Sendable (OptionValue) -> Bool

    /// The refusal of a value, naming value, range and default.
    func refusal(of value: OptionValue) -> Problem {
        Problem(
            .invalidOption, "The option \"\(name)\" is \(value.summary); it takes \(schema.description).",
            members: ["option": .string(name)])
    }
}

/// What an option may be.
enum OptionSchema: Sendable, Equatable {
    case integer(ClosedRange<Int>, standard: Int?)
    /// - Parameter isAbove: whether the lower bound itself is too low.
    case number(ClosedRange<Double>, isAbove: Bool = false, standard: Double?)
    case boolean(standard: Bool)
    case choice([String], standard: String)
    /// - Parameter maxLength: most characters (Unicode code points), of which there is at least one.
    case text(maxLength: Int)

    var description: String {
        switch self {
        case .integer(let range, let standard):
            "a whole number from \(range.lowerBound) to \(range.upperBound)" + Self.note(standard)
        case .number(let range, let isAbove, let standard):
            "a number \(isAbove ? "above" : "from") \(range.lowerBound.formatted) \(isAbove ? "and up to" : "to") "
                + range.upperBound.formatted + Self.note(standard?.formatted)
        case .boolean(let standard): "true or false (default \(standard))"
        case .choice(let names, let standard):
            names.map { "\"\($0)\"" }.joined(separator: " or ") + " (default \"\(standard)\")"
        case .text(let maxLength): "a text of 1 to \(maxLength) characters"
        }
    }

    private static func note(_ standard: (some CustomStringConvertible)?) -> String {
        standard.map { " (default \($0))" } ?? ""
    }
}

extension InputOption where Value == Int {
    static func integer(_ name: String, in range: ClosedRange<Int>, standard: Int) -> Self {
        Self(name, .integer(range, standard: standard), standard: standard) { value in
            value.integer.flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension InputOption where Value == Int? {
    static func integer(_ name: String, in range: ClosedRange<Int>) -> Self {
        Self(name, .integer(range, standard: nil), standard: nil) { value in
            value.integer.flatMap { range.contains($0) ? .some($0) : nil }
        }
    }

    static func integer(_ name: String, in range: ClosedRange<Int>, usually standard: Int) -> Self {
        Self(name, .integer(range, standard: standard), standard: nil) { value in
            value.integer.flatMap { range.contains($0) ? .some($0) : nil }
        }
    }
}

extension InputOption where Value == Double? {
    /// An option whose absence the route tells from its usual value.
    static func number(_ name: String, in range: ClosedRange<Double>, usually standard: Double) -> Self {
        Self(name, .number(range, standard: standard), standard: nil) { value in
            value.number.flatMap { range.contains($0) ? .some($0) : nil }
        }
    }

    static func number(_ name: String, in range: ClosedRange<Double>) -> Self {
        Self(name, .number(range, standard: nil), standard: nil) { value in
            value.number.flatMap { range.contains($0) ? .some($0) : nil }
        }
    }

    static func number(_ name: String, above lower: Double, upTo upper: Double) -> Self {
        Self(name, .number(lower...upper, isAbove: true, standard: nil), standard: nil) { value in
            value.number.flatMap { $0 > lower && $0 <= upper ? .some($0) : nil }
        }
    }
}

extension InputOption where Value == Bool {
    static func boolean(_ name: String, standard: Bool) -> Self {
        Self(name, .boolean(standard: standard), standard: standard) { $0.boolean }
    }
}

extension InputOption where Value == Bool? {
    /// An option whose absence the route reads otherwise than `false`.
    static func boolean(_ name: String, usually standard: Bool) -> Self {
        Self(name, .boolean(standard: standard), standard: nil) { $0.boolean.map { .some($0) } }
    }
}

extension InputOption where Value == String {
    static func choice(_ name: String, among names: [String]) -> Self {
        Self(name, .choice(names, standard: names[0]), standard: names[0]) { value in
            value.string.flatMap { names.contains($0) ? $0 : nil }
        }
    }
}

extension InputOption where Value == String? {
    static func text(_ name: String, maxLength: Int) -> Self {
        Self(name, .text(maxLength: maxLength), standard: nil) { value in
            value.string.flatMap { (1...maxLength).contains($0.unicodeScalars.count) ? .some($0) : nil }
        }
    }
}

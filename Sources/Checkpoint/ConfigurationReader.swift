import JSON

/// Reads the values of one JSON object and notes what is wrong with each, so that all problems come out at once.
/// A value that cannot be used reads as a stand-in, which never leaves: a reader with problems makes an error.
struct ConfigurationReader {
    let file: String
    /// nil in place of an object that is missing.
    let cursor: JSONCursor?
    private(set) var problems: [CheckpointProblem] = []

    init(file: String, _ cursor: JSONCursor) {
        self.file = file
        self.cursor = cursor
        if case .object = cursor.value { return }
        problems = [.json(file: file, cursor.unexpected("an object"))]
    }

    private init(file: String) {
        self.file = file
        cursor = nil
    }

    mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int {
        read(key, orElse: range.lowerBound) { cursor throws(JSONError) in try cursor.integer(in: range) }
    }

    mutating func epsilon(_ key: String) -> Float {
        read(key, orElse: 0) { cursor throws(JSONError) in
            let value = try cursor.number()
            guard value > 0, value < 1 else { throw cursor.unexpected("a number between 0 and 1") }
            return Float(value)
        }
    }

    mutating func number(_ key: String) -> Float {
        read(key, orElse: 0) { cursor throws(JSONError) in Float(try cursor.number()) }
    }

    /// A number from 0 to 1.
    mutating func fraction(_ key: String) -> Float {
        read(key, orElse: 0) { cursor throws(JSONError) in
            let number = try cursor.number()
            guard (0...1).contains(number) else { throw cursor.unexpected("a number from 0 to 1") }
            return Float(number)
        }
    }

    mutating func string(_ key: String) -> String {
        read(key, orElse: "") { cursor throws(JSONError) in try cursor.string() }
    }

    mutating func string(_ key: String, oneOf supported: [String]) -> String {
        let value: String? = read(key, orElse: nil) { cursor throws(JSONError) in try cursor.string() }
        if let value, !supported.contains(value) { refuse(key, value, supported: supported) }
        return value ?? ""
    }

    mutating func boolean(_ key: String) -> Bool {
        read(key, orElse: false) { cursor throws(JSONError) in try cursor.boolean() }
    }

    mutating func integers(_ key: String, in range: ClosedRange<Int>) -> [Int] {
        read(key, orElse: []) { cursor throws(JSONError) in try cursor.integers(in: range) }
    }

    mutating func numbers(_ key: String, count: Int) -> [Float] {
        read(key, orElse: []) { cursor throws(JSONError) in
            let numbers = try cursor.numbers()
            guard numbers.count == count else { throw cursor.unexpected("an array of \(count) numbers") }
            return numbers.map(Float.init)
        }
    }

    /// Reads the object under `key`, which must be there.
    mutating func object<Value>(_ key: String, _ read: (inout ConfigurationReader) -> Value) -> Value {
        var inner = nested(key) ?? missing(key)
        let value = read(&inner)
        problems += inner.problems
        return value
    }

    /// Reads the object under `key`, or answers nil where there is none.
    mutating func optionalObject<Value>(_ key: String, _ read: (inout ConfigurationReader) -> Value) -> Value? {
        guard var inner = nested(key) else { return nil }
        let value = read(&inner)
        problems += inner.problems
        return value
    }

    /// Reads every object under the object at `key`, which must be there, in the order of the text; those for which
    /// `read` answers nil are left out.
    mutating func objects<Value>(
        _ key: String, _ read: (String, inout ConfigurationReader) -> Value?
    ) -> [(String, Value)] {
        object(key) { members in
            members.keys.compactMap { name in
                members.object(name) { read(name, &$0) }.map { (name, $0) }
            }
        }
    }

    /// The keys of the object, in the order of the text.
    var keys: [String] {
        if case .object(let members)? = cursor?.value { members.keys } else { [] }
    }

    /// Notes that a value does not fit another, unless one of them could not be read, which may be the cause.
    mutating func demand(
        _ fits: Bool, _ key: String, _ value: some CustomStringConvertible, fits otherKey: String,
        _ otherValue: some CustomStringConvertible
    ) {
        guard !fits, !problems.contains(where: { $0.mayCause([path(key), otherKey]) }) else { return }
        problems.append(
            .contradiction(key: path(key), value: "\(value)", otherKey: otherKey, otherValue: "\(otherValue)"))
    }

    /// Notes a value that this build does not have.
    mutating func refuse(_ key: String, _ found: String, supported: [String]) {
        problems.append(.unsupported(key: path(key), found: found, supported: supported))
    }

    /// Notes every key that the object should not have, such as a misspelt one.
    mutating func refuseKeys(except known: [String]) {
        for key in keys where !known.contains(key) { problems.append(.unknownKey(path(key), known: known)) }
    }

    func path(_ key: String) -> String {
        guard let cursor, !cursor.path.isEmpty else { return key }
        return "\(cursor.path).\(key)"
    }

    private func nested(_ key: String) -> ConfigurationReader? {
        guard let cursor, let member = try? cursor.optionalMember(key) else { return nil }
        return ConfigurationReader(file: file, member)
    }

    /// A reader in place of an object that is missing: its keys are not reported one by one.
    private func missing(_ key: String) -> ConfigurationReader {
        var reader = ConfigurationReader(file: file)
        if let cursor, case .object = cursor.value {
            reader.problems = [.json(file: file, .missing(key: key, path: cursor.path))]
        }
        return reader
    }

    mutating func read<Value>(
        _ key: String, orElse standIn: Value, _ read: (JSONCursor) throws(JSONError) -> Value
    ) -> Value {
        guard let cursor, case .object = cursor.value else { return standIn }
        do {
            return try read(try cursor.member(key))
        } catch {
            problems.append(.json(file: file, error))
            return standIn
        }
    }
}

extension CheckpointProblem {
    /// Whether values at those keys may not fit because of it: it is with one of them, that is in the same head, or in any of the
    /// towers, of which heads are made. A contradiction is the cause of those within it alone, and a key too many, which may be
    /// another one misspelt, of those within the object that has it.
    fileprivate func mayCause(_ keys: [String]) -> Bool {
        switch self {
        case .contradiction(let key, _, _, _): return keys.contains { $0 == key || $0.hasPrefix(key + ".") }
        case .unknownKey(let key, _):
            let object = key.split(separator: ".").dropLast().joined(separator: ".")
            return keys.contains { $0 == object || $0.hasPrefix(object + ".") }
        default: break
        }
        guard let place else { return false }
        let part = place.split(separator: ".").prefix(place.hasPrefix("towers") ? 1 : 2).joined(separator: ".")
        return keys.contains { $0 == part || part.isEmpty || $0.hasPrefix(part + ".") || part.hasPrefix($0 + ".") }
    }

    /// The key at which it is, empty for the whole file; nil for what does not keep values from being read.
    private var place: String? {
        switch self {
        case .json(_, .missing(let key, let path)): path.isEmpty ? key : "\(path).\(key)"
        case .json(_, .unexpected(let path, _, _)): path
        case .unsupported(let key, _, _): key
        case .contradiction, .unknownKey: nil
        default: ""
        }
    }
}

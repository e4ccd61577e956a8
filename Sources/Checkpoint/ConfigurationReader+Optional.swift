import JSON

/// Values that may be absent, and arrays of texts.
extension ConfigurationReader {
    /// Whether there is a value under `key`.
    func has(_ key: String) -> Bool { keys.contains(key) }

    /// Whether the value under `key` is null.
    func isNull(_ key: String) -> Bool {
        if case .object(let members)? = cursor?.value, case .null? = members[key] { true } else { false }
    }

    /// Whether the value under `key` is a text.
    func isString(_ key: String) -> Bool {
        if case .object(let members)? = cursor?.value, case .string? = members[key] { true } else { false }
    }

    mutating func optionalInteger(_ key: String, in range: ClosedRange<Int>) -> Int? {
        has(key) ? integer(key, in: range) : nil
    }

    mutating func optionalIntegers(_ key: String, in range: ClosedRange<Int>) -> [Int]? {
        has(key) ? integers(key, in: range) : nil
    }

    mutating func optionalBoolean(_ key: String) -> Bool? { has(key) ? boolean(key) : nil }

    mutating func optionalNumbers(_ key: String, count: Int) -> [Float]? { has(key) ? numbers(key, count: count) : nil }

    mutating func optionalNumber(_ key: String) -> Double? {
        has(key) ? read(key, orElse: 0) { cursor throws(JSONError) in try cursor.number() } : nil
    }

    mutating func optionalString(_ key: String) -> String? { has(key) ? string(key) : nil }

    mutating func optionalString(_ key: String, oneOf supported: [String]) -> String? {
        has(key) ? string(key, oneOf: supported) : nil
    }

    mutating func optionalStrings(_ key: String) -> [String]? { has(key) ? strings(key) : nil }

    mutating func strings(_ key: String) -> [String] {
        read(key, orElse: []) { cursor throws(JSONError) in try cursor.strings() }
    }

    /// An array of arrays of two texts.
    mutating func stringPairs(_ key: String) -> [(String, String)] {
        read(key, orElse: []) { cursor throws(JSONError) in
            var pairs: [(String, String)] = []
            for element in try cursor.elements() {
                let strings = try element.strings()
                guard strings.count == 2 else { throw element.unexpected("an array of two names") }
                pairs.append((strings[0], strings[1]))
            }
            return pairs
        }
    }
}

extension JSONCursor {
    fileprivate func strings() throws(JSONError) -> [String] {
        var strings: [String] = []
        for element in try elements() { strings.append(try element.string()) }
        return strings
    }
}

/// A value together with the way to it from the root, so that a wrong value can be named.
///
///     let size = try JSONCursor(root).member("towers").member("image").member("image_size").integer(in: 1...4096)
public struct JSONCursor: Sendable {
    /// The value itself.
    public let value: JSONValue
    /// Keys and positions from the root, such as `heads.caption.vocabulary[7]`; empty at the root.
    public let path: String

    /// A cursor at `value`, called `path` in errors.
    public init(_ value: JSONValue, path: String = "") {
        self.value = value
        self.path = path
    }

    /// The error that says the value is not what was expected.
    public func unexpected(_ expected: String) -> JSONError {
        .unexpected(path: path, expected: expected, found: value.summary)
    }

    /// The members of an object.
    public func object() throws(JSONError) -> JSONObject {
        guard case .object(let object) = value else { throw unexpected("an object") }
        return object
    }

    /// The member `key` of an object, which must be there.
    public func member(_ key: String) throws(JSONError) -> JSONCursor {
        guard let member = try optionalMember(key) else { throw .missing(key: key, path: path) }
        return member
    }

    /// The member `key` of an object, or nil where the key is absent.
    public func optionalMember(_ key: String) throws(JSONError) -> JSONCursor? {
        try object()[key].map { JSONCursor($0, path: path.isEmpty ? key : "\(path).\(key)") }
    }

    /// The elements of an array.
    public func elements() throws(JSONError) -> [JSONCursor] {
        guard case .array(let values) = value else { throw unexpected("an array") }
        return values.enumerated().map { JSONCursor($1, path: "\(path)[\($0)]") }
    }

    /// The elements of an array of whole numbers, each within `range`; fast for thousands of them.
    public func integers(in range: ClosedRange<Int>) throws(JSONError) -> [Int] {
        guard case .array(let values) = value else { throw unexpected("an array of whole numbers") }
        var integers: [Int] = []
        integers.reserveCapacity(values.count)
        for (position, value) in values.enumerated() {
            if case .integer(let integer) = value, range.contains(integer) {
                integers.append(integer)
            } else {
                throw JSONCursor(value, path: "\(path)[\(position)]").unexpected(Self.wholeNumber(in: range))
            }
        }
        return integers
    }

    /// The elements of an array of numbers.
    public func numbers() throws(JSONError) -> [Double] {
        var numbers: [Double] = []
        for element in try elements() { numbers.append(try element.number()) }
        return numbers
    }

    /// A string.
    public func string() throws(JSONError) -> String {
        guard case .string(let string) = value else { throw unexpected("a string") }
        return string
    }

    /// `true` or `false`.
    public func boolean() throws(JSONError) -> Bool {
        guard case .boolean(let boolean) = value else { throw unexpected("true or false") }
        return boolean
    }

    /// A whole number within `range`. A number such as `3.0` or `1e2` is not whole in this sense.
    public func integer(in range: ClosedRange<Int> = .min ... .max) throws(JSONError) -> Int {
        guard case .integer(let integer) = value, range.contains(integer) else {
            throw unexpected(Self.wholeNumber(in: range))
        }
        return integer
    }

    /// A number, whole or not; the nearest `Double` to it.
    public func number() throws(JSONError) -> Double {
        switch value {
        case .integer(let integer): return Double(integer)
        case .number(let number): return number
        case .decimal(let decimal): return decimal.nearest
        default: throw unexpected("a number")
        }
    }

    /// Whether the value is `null`.
    public var isNull: Bool { value == .null }

    private static func wholeNumber(in range: ClosedRange<Int>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (.min, .max): "a whole number"
        case (let low, .max): "a whole number of at least \(low)"
        case (let low, let high) where low == high: "\(low)"
        case (let low, let high): "a whole number from \(low) to \(high)"
        }
    }
}

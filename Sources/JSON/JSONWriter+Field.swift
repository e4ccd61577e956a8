extension JSONWriter {
    /// Writes a field whose value is a string.
    public mutating func field(_ key: String, _ value: String) {
        field(key) { $0.value(value) }
    }

    /// Writes a field whose value is a whole number.
    public mutating func field(_ key: String, _ value: Int) {
        field(key) { $0.value(value) }
    }

    /// Writes a field whose value is `true` or `false`.
    public mutating func field(_ key: String, _ value: Bool) {
        field(key) { $0.value(value) }
    }

    /// Writes a field whose value is a number, rounded to six digits; NaN and infinities are an error.
    public mutating func field(_ key: String, _ value: Double) throws(JSONError) {
        try field(key) { json throws(JSONError) in try json.value(value) }
    }

    /// Writes a field whose value is an array of numbers, each rounded to six digits.
    public mutating func field(_ key: String, _ values: some Sequence<Float>) throws(JSONError) {
        try field(key) { json throws(JSONError) in try json.value(values) }
    }

    /// Writes a field whose value is an array of strings.
    public mutating func field(_ key: String, _ values: some Sequence<String>) {
        field(key) { $0.value(values) }
    }

    /// Writes a field of any value.
    public mutating func field(_ key: String, _ value: JSONValue) throws(JSONError) {
        try field(key) { json throws(JSONError) in try json.value(value) }
    }
}

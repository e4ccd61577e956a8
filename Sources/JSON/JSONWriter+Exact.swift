extension JSONWriter {
    /// Writes a value so that reading it gives the same value back: numbers with as many digits as tell them from every
    /// other. For what is kept for a client, where `value` rounds for people to read.
    public mutating func exact(_ value: JSONValue) {
        switch value {
        case .number(let number):
            separate()
            // The shortest text that reads back as the number. What was parsed from JSON is finite, and so is valid JSON.
            bytes.append(contentsOf: (number.isFinite ? number.description : "null").utf8)
        case .array(let values):
            array { json in
                for value in values { json.exact(value) }
            }
        case .object(let members):
            object { json in
                for (key, value) in members { json.field(key) { $0.exact(value) } }
            }
        case .null: null()
        case .boolean(let value): self.value(value)
        case .integer(let value): self.value(value)
        case .decimal(let value): self.value(value)
        case .string(let value): self.value(value)
        }
    }
}

import JSON

/// Values of published configurations, which leave out what equals the default of the reference's class, or say null.
extension ConfigurationReader {
    /// Whether there is a value under `key` that is not null.
    func isPresent(_ key: String) -> Bool { has(key) && !isNull(key) }

    mutating func integer(_ key: String, in range: ClosedRange<Int>, orElse standard: Int) -> Int {
        isPresent(key) ? integer(key, in: range) : standard
    }

    mutating func epsilon(_ key: String, orElse standard: Float) -> Float {
        isPresent(key) ? epsilon(key) : standard
    }

    mutating func number(_ key: String, orElse standard: Float) -> Float {
        isPresent(key) ? number(key) : standard
    }

    mutating func boolean(_ key: String, orElse standard: Bool) -> Bool {
        isPresent(key) ? boolean(key) : standard
    }

    mutating func activation(_ key: String, orElse standard: HiddenActivation) -> HiddenActivation {
        guard isPresent(key) else { return standard }
        let name = string(key, oneOf: HiddenActivation.named.map(\.name))
        return HiddenActivation.named.first { $0.name == name }?.activation ?? standard
    }

    /// Demands that `width` channels are cut into whole heads that can be computed.
    mutating func demandHeads(
        width: Int, _ widthKey: String = "hidden_size", heads: Int, _ headsKey: String = "num_attention_heads"
    ) {
        demand(width % heads == 0, widthKey, width, fits: headsKey, heads)
        if width % heads == 0, width / heads % 4 != 0 {
            refuse(headsKey, "heads \(width / heads) wide", supported: ["widths that are multiples of 4"])
        }
    }
}

extension ConfigurationReader {
    /// Reads the object under `key`; where there is none, `read` sees one without members.
    mutating func part<Value>(_ key: String, _ read: (inout ConfigurationReader) -> Value) -> Value {
        if isPresent(key) { return object(key, read) }
        var empty = ConfigurationReader(file: file, JSONCursor(.object(JSONObject())))
        return read(&empty)
    }

    /// A height and a width: two integers, or one for both.
    mutating func sides(_ key: String, in range: ClosedRange<Int>, orElse standard: Int) -> (height: Int, width: Int) {
        guard isPresent(key) else { return (standard, standard) }
        return read(key, orElse: (range.lowerBound, range.lowerBound)) { cursor throws(JSONError) in
            guard case .array = cursor.value else {
                let side = try cursor.integer(in: range)
                return (side, side)
            }
            let sides = try cursor.integers(in: range)
            guard sides.count == 2 else { throw cursor.unexpected("a side, or a height and a width") }
            return (sides[0], sides[1])
        }
    }
}

/// Values by name, in the order of the file that they were read from.
public struct Named<Value: Sendable & Equatable>: Sendable, Equatable {
    /// The names, each once.
    public private(set) var names: [String] = []
    /// The values, `values[i]` belonging to `names[i]`.
    public private(set) var values: [Value] = []

    /// Of two entries with one name the first counts.
    public init(_ entries: [(String, Value)] = []) {
        for (name, value) in entries where !names.contains(name) {
            names.append(name)
            values.append(value)
        }
    }

    /// The value of that name, or nil where there is none.
    public subscript(name: String) -> Value? { names.firstIndex(of: name).map { values[$0] } }
}

extension Named: Sequence {
    /// The entries in order.
    public func makeIterator() -> Zip2Sequence<[String], [Value]>.Iterator { zip(names, values).makeIterator() }
}

import JSON

extension ConfigurationReader {
    /// `id2label`, in the order of its numbers, each once: a name that comes again has its number behind it. "LABEL_0" and so on where
    /// there is none.
    mutating func numberedLabels() -> [String] {
        guard isPresent("id2label") else {
            return (0..<integer("num_labels", in: 1...1_000_000, orElse: 2)).map { "LABEL_\($0)" }
        }
        return read("id2label", orElse: []) { cursor throws(JSONError) in
            let members = try cursor.object()
            var labels = [String?](repeating: nil, count: members.keys.count)
            for key in members.keys {
                guard let number = Int(key), labels.indices.contains(number) else {
                    throw cursor.unexpected("names for the numbers from 0 to \(labels.count - 1)")
                }
                labels[number] = try cursor.member(key).string()
            }
            guard !labels.isEmpty else { throw cursor.unexpected("a label at least") }
            var seen: Set<String> = []
            return labels.enumerated().map { number, label in
                let label = label ?? "LABEL_\(number)"
                return seen.insert(label).inserted ? label : "\(label) (\(number))"
            }
        }
    }
}

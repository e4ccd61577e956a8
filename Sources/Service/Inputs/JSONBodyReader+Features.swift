import JSON
import Media

extension JSONBodyReader {
    /// Features that come as numbers, `[0.1, 0.2]` or `[[0.1, 0.2], [0.3, 0.4]]`, as the file that they would else be.
    static func features(_ name: String, _ array: [JSONValue]) throws(Problem) -> [UInt8] {
        var rows: [[Double]] = []
        if let first = array.first, case .array = first {
            for row in array {
                guard case .array(let numbers) = row else {
                    throw refusal(ofFeatures: name, "is an array of arrays, but has \(row.summary) among them")
                }
                rows.append(try Self.numbers(name, numbers))
            }
        } else {
            rows.append(try Self.numbers(name, array))
        }
        guard rows.allSatisfy({ $0.count == rows[0].count }) else {
            throw refusal(ofFeatures: name, "has rows of different lengths")
        }
        return NumPyArray.file(rows)
    }

    private static func numbers(_ name: String, _ values: [JSONValue]) throws(Problem) -> [Double] {
        var numbers: [Double] = []
        numbers.reserveCapacity(values.count)
        for value in values {
            switch value {
            case .integer(let number): numbers.append(Double(number))
            case .number(let number): numbers.append(number)
            case .decimal(let number): numbers.append(number.nearest)
            default: throw refusal(ofFeatures: name, "must be numbers, but has \(value.summary) among them")
            }
        }
        return numbers
    }

    /// What is said of features that are neither numbers nor a file.
    static func refusal(ofFeatures name: String, _ what: String) -> Problem {
        Problem(
            .invalidFeatures, "\"\(name)\" \(what); it takes [0.1, 0.2, …], [[0.1, …], …], or a .npy file in base64.",
            members: ["part": .string(name)])
    }
}

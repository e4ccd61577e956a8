import JSON
import Retrieval

/// The n-th thing a writer does, the same whenever it is asked: so that a test knows what must be on disk.
public struct Step: Sendable {
    /// Items of each writer.
    public static let items = 12
    let writer: Int
    let number: Int

    /// The step with that number of that writer.
    public init(writer: Int, number: Int) {
        self.writer = writer
        self.number = number
    }

    /// The item that the step is about.
    public var id: ItemID {
        get throws { try ItemID("\(writer)-\(number % Self.items)").unwrapped }
    }

    /// The item as it is after the step; nil where the step removes it, as every third round does.
    public var item: Item? {
        get throws {
            guard number / Self.items % 3 != 2 else { return nil }
            var metadata = JSONObject()
            _ = metadata.append("number", .integer(number))
            _ = metadata.append("padding", .string(String(repeating: "x", count: number * 37 % 3000)))
            let vector = (0..<16).map { Float((number * 31 + $0 * 7 + writer) % 101) - 50 }
            return try Item(id: id, kind: .embedding, vector: vector, metadata: metadata)
        }
    }
}

extension ItemID? {
    struct Missing: Error {}

    fileprivate var unwrapped: ItemID {
        get throws {
            guard let id = self else { throw Missing() }
            return id
        }
    }
}

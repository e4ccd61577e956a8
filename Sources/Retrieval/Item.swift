import JSON

/// What an item's vector was made of.
public enum ItemKind: String, Sendable, CaseIterable {
    case image
    case audio
    case text
    /// Several of them together.
    case composed
    /// A vector that the client brought.
    case embedding
}

/// A model and the digest that tells it from every other.
public struct ModelOrigin: Sendable, Equatable {
    /// The name under which it was served.
    public let name: String
    /// `sha256:…` over the model's files.
    public let digest: String
    /// What the digest of the same files was when it covered fewer of them; nil where that is not known.
    public let formerDigest: String?

    /// A model's name and digest.
    public init(name: String, digest: String, formerDigest: String? = nil) {
        self.name = name
        self.digest = digest
        self.formerDigest = formerDigest
    }

    /// Whether vectors that carry `maker` are this model's own.
    public func isSame(as maker: ModelOrigin?) -> Bool {
        guard let maker else { return false }
        return maker.digest == digest || maker.digest == formerDigest
    }
}

/// Where a vector comes from, which decides to which collections it may be compared.
public enum VectorSource: Sendable, Equatable {
    /// The model that is served computed it.
    case model(ModelOrigin)
    /// A client computed it; the model that is served, if any, is named, since a collection of another one is refused.
    case client(serving: ModelOrigin?)

    /// The model to which a collection belongs that begins with such a vector.
    var origin: ModelOrigin? {
        if case .model(let origin) = self { origin } else { nil }
    }
}

/// An item as it is stored.
public struct Item: Sendable, Equatable {
    /// Its id.
    public let id: ItemID
    /// What its vector was made of.
    public let kind: ItemKind
    /// Of length 1.
    public let vector: [Float]
    /// What the client wants kept with it.
    public let metadata: JSONObject

    /// The most that the metadata may take as JSON without blanks.
    public static let maxMetadataBytes = 16 << 10
    /// The most elements of a vector.
    public static let maxDimension = 4096

    /// Checks an item and scales its vector to length 1.
    public init(id: ItemID, kind: ItemKind, vector: [Float], metadata: JSONObject) throws(RetrievalError) {
        self.id = id
        self.kind = kind
        self.vector = try Self.unit(vector)
        self.metadata = metadata
        let bytes = metadata.exactText.utf8.count
        guard bytes <= Self.maxMetadataBytes else {
            throw .metadataTooLarge(bytes: bytes, limit: Self.maxMetadataBytes)
        }
    }

    init(stored id: ItemID, kind: ItemKind, vector: [Float], metadata: JSONObject) {
        self.id = id
        self.kind = kind
        self.vector = vector
        self.metadata = metadata
    }

    /// The vector of length 1 in the same direction.
    public static func unit(_ vector: [Float]) throws(RetrievalError) -> [Float] {
        guard (1...maxDimension).contains(vector.count) else {
            throw .invalidDimension(found: vector.count, limit: maxDimension)
        }
        if let position = vector.firstIndex(where: { !$0.isFinite }) { throw .notFinite(position: position) }
        // In double precision no sum of squares of finite floats overflows, or vanishes.
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard length > 0 else { throw .zeroVector }
        return vector.map { Float(Double($0) / length) }
    }
}

/// An item as lists and hits show it: without its vector.
public struct ItemSummary: Sendable, Equatable {
    /// Its id.
    public let id: ItemID
    /// What its vector was made of.
    public let kind: ItemKind
    /// What the client wants kept with it.
    public let metadata: JSONObject

    /// The summary of an item.
    public init(_ item: Item) { self.init(id: item.id, kind: item.kind, metadata: item.metadata) }

    init(id: ItemID, kind: ItemKind, metadata: JSONObject) {
        self.id = id
        self.kind = kind
        self.metadata = metadata
    }
}

/// What is known of a collection.
public struct CollectionDescription: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// The length of its vectors.
    public let dimension: Int
    /// The model that computes its vectors; nil where clients do.
    public let model: ModelOrigin?
    /// When it was made, in seconds since 1970.
    public let created: Int
    /// How many items it has.
    public let items: Int
}

extension JSONObject {
    /// The object as JSON text without blanks that reads back as the same.
    var exactText: String {
        var json = JSONWriter()
        json.exact(.object(self))
        return json.text
    }

    /// The object that was stored as text; empty where the text is none, which only a damaged database has.
    init(stored text: String?) {
        guard let text, case .object(let object)? = try? JSONValue(parsing: Array(text.utf8)) else {
            self.init()
            return
        }
        self = object
    }
}

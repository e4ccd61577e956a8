import Glibc

/// A model that is to be served: its folder, and the name by which requests choose it.
public struct ModelSource: Sendable, Equatable {
    /// The folder of the checkpoint.
    public var folder: String
    /// The name; nil for the one that the checkpoint says, or its folder has.
    public var name: String?

    /// A source of those members.
    public init(folder: String, name: String? = nil) {
        self.folder = folder
        self.name = name
    }

    /// `folder` or `name=folder`. Nil for an empty folder, and for a name that cannot stand in a path: letters, digits, dots,
    /// hyphens and underscores make one.
    public init?(_ text: String) {
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        // A folder may have an equals sign in its own name.
        if halves.count == 2, access(text, F_OK) != 0, !halves[0].contains("/") {
            guard Self.isName(halves[0]), !halves[1].isEmpty else { return nil }
            self.init(folder: String(halves[1]), name: String(halves[0]))
        } else {
            guard !text.isEmpty else { return nil }
            self.init(folder: text)
        }
    }

    private static func isName(_ name: Substring) -> Bool {
        !name.isEmpty && name.utf8.count <= 128
            && name.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || $0.properties.numericType != nil
                        || "._-".unicodeScalars.contains($0))
            }
    }
}

/// What is wrong with a model that was to be served.
public struct ModelFailure: Error, CustomStringConvertible {
    /// The model.
    public let source: ModelSource
    /// What is wrong with it.
    public let cause: any Error

    /// The cause in words.
    public var description: String { "\(cause)" }
}

/// Two models of one name.
struct NameTaken: Error, CustomStringConvertible {
    let name: String
    let folder: String

    var description: String {
        "Two models are called \"\(name)\", and requests could not choose between them; give the one in \(folder) another name: "
            + "--model another=\(folder)."
    }
}

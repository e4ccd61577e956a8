/// A repository of the Hub at a revision: `org/name` or `org/name@revision`.
public struct HubReference: Sendable, Equatable, CustomStringConvertible {
    /// `org/name`; of the oldest repositories `name` alone.
    public let repository: String
    /// A branch, a tag or a commit.
    public let revision: String

    /// The branch that is meant where none is said.
    public static let standardRevision = "main"

    /// Reads `org/name[@revision]`; nil where it is none. What a name may be is what huggingface_hub takes for one.
    public init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let revision = parts.count == 2 ? String(parts[1]) : Self.standardRevision
        let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(names.count), names.allSatisfy(Self.isName), parts[0].count <= 96,
            Self.isRevision(revision)
        else { return nil }
        repository = String(parts[0])
        self.revision = revision
    }

    private static func isName(_ name: Substring) -> Bool {
        guard let first = name.unicodeScalars.first, let last = name.unicodeScalars.last else { return false }
        let ends: [Unicode.Scalar] = [".", "-"]
        return !ends.contains(first) && !ends.contains(last) && !name.contains("--") && !name.contains("..")
            && !name.hasSuffix(".git")
            && name.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789._-".unicodeScalars.contains($0))
            }
    }

    /// Also a path below `refs`, so that no part may lead out of it.
    private static func isRevision(_ revision: String) -> Bool {
        let parts = revision.split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
            && revision.unicodeScalars.allSatisfy {
                $0.value > 0x20 && $0.value < 0x7F && !"?#%\\".unicodeScalars.contains($0)
            }
    }

    /// Whether the revision is a whole commit, which never changes.
    var isCommit: Bool { revision.utf8.count == 40 && revision.utf8.allSatisfy(\.isLowerHexadecimal) }

    /// The folder of the repository in the cache: `models--org--name`.
    var folderName: String { "models--" + repository.split(separator: "/").joined(separator: "--") }

    /// The name without the organisation.
    var name: String { String(repository.split(separator: "/").last ?? "") }

    /// As `sensorium pull` takes it.
    public var description: String {
        revision == Self.standardRevision ? repository : "\(repository)@\(revision)"
    }
}

extension StringProtocol {
    /// Without such characters at either end.
    func trimmed(of isOuter: (Character) -> Bool) -> String {
        var rest = self[...].drop(while: isOuter)
        while let last = rest.last, isOuter(last) { rest = rest.dropLast() }
        return String(rest)
    }
}

extension UInt8 {
    /// Whether the character is one of 0 to 9 and a to f.
    var isLowerHexadecimal: Bool { (0x30...0x39).contains(self) || (0x61...0x66).contains(self) }
}

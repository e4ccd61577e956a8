/// Why a model of the Hub cannot be had. Its description says what is wrong and what to do.
public enum HubError: Error, Sendable, Equatable {
    /// No `org/name[@revision]`.
    case notAReference(String)
    /// Neither a folder nor a repository that is in the cache.
    case notCached(HubReference, cache: String)
    /// The repository is in the cache, and not this revision of it.
    case revisionNotCached(HubReference, cache: String)
    /// A file that the model needs is not there, or not all of it.
    case incomplete(HubReference, missing: String)
    /// The hub may not be asked.
    case offline(HubReference)
    /// The hub does not answer.
    case unreachable(endpoint: String, reason: String)
    /// No such repository, or one that whoever asks may not know of.
    case noRepository(HubReference, endpoint: String, hasToken: Bool)
    /// The repository has no such branch, tag or commit.
    case noRevision(HubReference)
    /// The authors let in who has agreed to their conditions.
    case gated(HubReference, endpoint: String, hasToken: Bool)
    /// The hub does not know the token, or it has no right to read.
    case refusedToken(source: String, endpoint: String)
    /// The hub forbids it for another reason.
    case forbidden(HubReference, reason: String)
    /// The hub answers what cannot be made use of.
    case badAnswer(endpoint: String, reason: String)
    /// The repository has no weights in a form that is read here.
    case noWeights(HubReference)
    /// A file came otherwise than the hub says it is.
    case wrongDigest(file: String, expected: String, found: String)
    /// There is no room for what is still to come.
    case diskFull(folder: String, needed: Int)
    /// The cache cannot be written to.
    case cache(path: String, reason: String)
}

extension HubError: CustomStringConvertible {
    /// A sentence or two for a person.
    public var description: String {
        switch self {
        case .notAReference(let text):
            "\"\(text)\" names no repository of the Hub: write org/name or org/name@revision."
        case .notCached(let reference, let cache):
            "There is no folder \(reference), and no repository of that name in the Hub's cache, \(cache). Fetch it with "
                + "\"sensorium pull \(reference)\"."
        case .revisionNotCached(let reference, let cache):
            "The Hub's cache, \(cache), has \(reference.repository), but not its revision \(reference.revision). Fetch it with "
                + "\"sensorium pull \(reference)\"."
        case .incomplete(let reference, let missing):
            "\(reference) is in the Hub's cache, but not all of it: \(missing). Fetch the rest with \"sensorium pull \(reference)\"."
        case .offline(let reference):
            "\(reference) cannot be fetched, for HF_HUB_OFFLINE says to ask nothing of the Hub. Unset it to fetch something."
        case .unreachable(let endpoint, let reason):
            "The hub \(endpoint) cannot be reached: \(reason). What has come stays, and the same command goes on from there; look at "
                + "the connection, at a proxy (HTTPS_PROXY), and at HF_ENDPOINT if it is set."
        case .noRepository(let reference, let endpoint, let hasToken):
            "\(endpoint) has no repository \(reference.repository) that can be seen "
                + (hasToken
                    ? "with this token. Look at the spelling, and whether the token may read it."
                    : "without a token. Look at the spelling; for a private repository give a token in HF_TOKEN.")
        case .noRevision(let reference):
            "\(reference.repository) has no branch, tag or commit \(reference.revision)."
        case .gated(let reference, let endpoint, let hasToken):
            "\(reference.repository) is gated: its authors want their conditions agreed to. Agree to them at "
                + "\(endpoint)/\(reference.repository)"
                + (hasToken
                    ? " with the account that the token is of; it has not been let in yet."
                    : ", make a token at \(endpoint)/settings/tokens, and give it in HF_TOKEN.")
        case .refusedToken(let source, let endpoint):
            "The hub \(endpoint) does not take the token of \(source). Give another one in HF_TOKEN, or unset it for what is public."
        case .forbidden(let reference, let reason):
            "The hub does not let \(reference) be fetched: \(reason)."
        case .badAnswer(let endpoint, let reason):
            "The hub \(endpoint) answers what cannot be made use of: \(reason). Is HF_ENDPOINT the address of a hub?"
        case .noWeights(let reference):
            "\(reference) has neither model.safetensors nor pytorch_model.bin, in one file or with an index, so there is nothing to serve."
        case .wrongDigest(let file, let expected, let found):
            "\(file) came with the digest \(found), but the hub says \(expected); it was thrown away. Try again; if that is so again, "
                + "something between here and the hub changes files."
        case .diskFull(let folder, let needed):
            "The disk of \(folder) is full: \(ByteCount(needed)) are still to come. Make room, or name another place in HF_HUB_CACHE; what has come stays."
        case .cache(let path, let reason):
            "\(path) cannot be written: \(reason). HF_HUB_CACHE names another place."
        }
    }
}

/// A number of bytes as people say it: "91 MB".
public struct ByteCount: CustomStringConvertible, Sendable {
    private let bytes: Int

    /// So many bytes.
    public init(_ bytes: Int) { self.bytes = bytes }

    /// In the largest unit of which it is at least one; a decimal below ten.
    public var description: String {
        var value = Double(bytes)
        var unit = "bytes"
        for larger in ["kB", "MB", "GB", "TB"] where value >= 1000 {
            value /= 1000
            unit = larger
        }
        let tenths = (value * 10).rounded() / 10
        return unit == "bytes" || tenths >= 10 ? "\(Int(value.rounded())) \(unit)" : "\(tenths) \(unit)"
    }
}

import Glibc
import OperatingSystem

/// Where the hub and its cache are, and who asks: from the variables that huggingface_hub reads.
public struct HubSettings: Sendable {
    /// The address of the hub, without a slash at its end. `HF_ENDPOINT`
    public var endpoint: String
    /// Where repositories are kept. `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`
    public var cache: String
    /// Whose rights the hub grants; nil for what is public. `HF_TOKEN`, or the file that `hf auth login` writes
    public var token: String?
    /// What the token was taken from, for messages.
    public var tokenSource: String
    /// Whether nothing may be asked of the hub. `HF_HUB_OFFLINE`
    public var isOffline: Bool
    /// A file of certificates of authorities, instead of the system's. `SSL_CERT_FILE`
    public var certificates: String?
    /// How long is waited before a transfer that broke is tried again, each time nothing came; afterwards it is given up.
    public var retries: [Duration] = [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(16)]

    /// The settings of an environment.
    public init(_ environment: [String: String] = Environment.variables) {
        func value(_ names: String...) -> String? {
            names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        func folder(_ path: String) -> String { Self.expanded(path, environment) }
        let caches = value("XDG_CACHE_HOME") ?? "~/.cache"
        let home = folder(value("HF_HOME") ?? "\(caches)/huggingface")
        endpoint = value("HF_ENDPOINT") ?? "https://huggingface.co"
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        cache = folder(value("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? "\(home)/hub")
        isOffline = Self.isTrue(value("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
        certificates = value("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
        let file = folder(value("HF_TOKEN_PATH") ?? "\(home)/token")
        if Self.isTrue(environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"]) {
            token = nil
            tokenSource = file
        } else if let given = value("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN").flatMap(Self.cleaned) {
            token = given
            tokenSource = "HF_TOKEN"
        } else {
            token = SmallFile.text(file).flatMap(Self.cleaned)
            tokenSource = file
        }
    }

    /// Without the line ends that come of writing a token to a file; nil for none, or for what cannot be in a field of a request.
    private static func cleaned(_ token: String) -> String? {
        let token = token.trimmed(of: \.isWhitespace)
        return token.isEmpty || !token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? nil : token
    }

    private static func isTrue(_ value: String?) -> Bool {
        ["1", "ON", "YES", "TRUE"].contains(value?.uppercased() ?? "")
    }

    /// The home folder of whoever runs the program, as the system's list of users has it.
    private static var home: String {
        // The entry stays until the next look-up of a user, of which there is no other here.
        guard let user = getpwuid(getuid()), let folder = user.pointee.pw_dir else { return "/" }
        return String(cString: folder)
    }

    /// A path with `~` at its beginning and variables replaced, as a shell does.
    private static func expanded(_ path: String, _ environment: [String: String]) -> String {
        var path = path
        if path == "~" || path.hasPrefix("~/") {
            path = (environment["HOME"] ?? Self.home) + path.dropFirst()
        }
        return path.replacing(/\$(\w+)|\$\{(\w+)\}/) { match in
            (match.output.1 ?? match.output.2).flatMap { environment[String($0)] } ?? String(match.output.0)
        }
    }
}

import Foundation

/// Where a request goes: what tells whether the next address of a redirect may be given the token.
struct HubAddress: Equatable {
    let scheme: String
    let host: String
    let port: Int

    /// The origin of an address; nil of what is none.
    init?(_ url: String) {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            let host = parts.host?.lowercased(), ["http", "https"].contains(scheme), !host.isEmpty
        else { return nil }
        self.scheme = scheme
        self.host = host
        port = parts.port ?? (scheme == "https" ? 443 : 80)
    }

    /// The address that a redirect names, which may be one without a host.
    static func resolve(_ location: String, from url: String) -> String? {
        guard let base = URL(string: url), let next = URL(string: location, relativeTo: base) else { return nil }
        return next.absoluteString
    }

    /// A path with what is not allowed in one written by its bytes.
    static func path(_ path: String) -> String {
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8)
        return path.utf8.map { allowed.contains($0) ? String(UnicodeScalar($0)) : String(format: "%%%02X", $0) }
            .joined()
    }
}

import ArgumentParser

/// Where a request goes: `http://127.0.0.1:8080/v1/caption`.
struct Target: ExpressibleByArgument, Sendable {
    let host: String
    let port: UInt16
    let path: String

    init?(argument: String) {
        guard argument.hasPrefix("http://") else { return nil }
        let rest = argument.dropFirst(7)
        let authority = rest.prefix { $0 != "/" }
        path = rest.count > authority.count ? String(rest.dropFirst(authority.count)) : "/"
        let pieces = authority.split(separator: ":", maxSplits: 1)
        guard let name = pieces.first, let port = pieces.count > 1 ? UInt16(pieces[1]) : 80 else { return nil }
        host = name == "localhost" ? "127.0.0.1" : String(name)
        self.port = port
    }

    /// The same server, another path.
    func at(_ path: String) -> Target { Target(host: host, port: port, path: path) }

    /// A path of a server; `host` is an IPv4 address.
    init(host: String, port: UInt16, path: String) {
        self.host = host
        self.port = port
        self.path = path
    }
}

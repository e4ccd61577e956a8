import ArgumentParser

/// Where a request goes: `http://127.0.0.1:8080/v1/caption`.
struct Target: Sendable {
    /// A name, or an IPv4 address.
    let host: String
    let port: UInt16
    let path: String

    /// The server that an argument names; a refusal says what to give instead.
    init(argument: String) throws(ValidationError) {
        guard !argument.lowercased().hasPrefix("https://") else {
            throw ValidationError(
                "This command does not speak TLS. On the machine of the server, or through a tunnel (ssh -L "
                    + "8080:127.0.0.1:8080 HOST), ask a server that listens without TLS: http://127.0.0.1:8080.")
        }
        guard argument.hasPrefix("http://") else {
            throw ValidationError("A server is named as http://HOST:PORT, such as http://127.0.0.1:8080.")
        }
        let rest = argument.dropFirst(7)
        let authority = rest.prefix { $0 != "/" }
        path = rest.count > authority.count ? String(rest.dropFirst(authority.count)) : "/"
        guard !authority.hasPrefix("[") else {
            throw ValidationError("This command does not speak IPv6; give a name, or an IPv4 address.")
        }
        let pieces = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = pieces.first, !name.isEmpty, !name.contains("@"),
            let port = pieces.count > 1 ? UInt16(pieces[1]) : 80, port > 0
        else {
            throw ValidationError("A server is named as http://HOST:PORT, with a port from 1 to 65535.")
        }
        host = name == "localhost" ? "127.0.0.1" : String(name)
        self.port = port
    }

    /// The same server, another path.
    func at(_ path: String) -> Target { Target(host: host, port: port, path: path) }

    /// A path of a server.
    init(host: String, port: UInt16, path: String) {
        self.host = host
        self.port = port
        self.path = path
    }
}

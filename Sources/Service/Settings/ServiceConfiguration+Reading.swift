extension ServiceConfiguration {
    /// A configuration from a file, from the environment, which wins over it, and from flags, which win over both.
    ///
    /// - Parameters:
    ///   - standard: what holds where nothing is said.
    ///   - file: the settings of a file; nil without one.
    ///   - environment: the process's variables; those of other programs are left alone, but every one that begins with
    ///     `SENSORIUM_` must be known, so that a misspelt limit does not go unnoticed.
    ///   - flags: the values given to each setting by name, in order.
    public init(
        _ standard: ServiceConfiguration = ServiceConfiguration(), file: ConfigurationFile? = nil,
        environment: [String: String], flags: [String: [String]]
    ) throws(Setting.Invalid) {
        self = standard
        try Self.refuseUnknown(environment.keys.filter { $0.hasPrefix(Setting.variablePrefix) })
        for setting in Setting.table {
            if let values = flags[setting.name], !values.isEmpty {
                for value in values { try setting.set(value, in: &self, source: "--\(setting.name)") }
            } else if let value = environment[setting.variable] {
                let values = setting.isList ? value.split(separator: ",").map(\.trimmed) : [value]
                for value in values { try setting.set(value, in: &self, source: setting.variable) }
            } else if let file, let entry = file.entry(setting.name) {
                for value in entry.texts { try setting.set(value, in: &self, source: file.source(entry)) }
            }
        }
        try checkTogether()
        // Whoever set it may think that the server is protected.
        guard environment[Self.clientKey] == nil || apiKeys != nil else {
            throw Setting.Invalid(
                description: "\(Self.clientKey) is what clients send, and this server would ask nobody for a key: "
                    + "give it the file of its keys with --api-keys, or unset the variable.")
        }
    }

    private static func refuseUnknown(_ variables: [String]) throws(Setting.Invalid) {
        let known = Setting.table.map(\.variable) + [clientKey, ConfigurationFile.variable]
        guard let unknown = variables.sorted().first(where: { !known.contains($0) }) else { return }
        let advice = nearestVariable(to: unknown, among: known).map { "did you mean \($0)?" }
        throw Setting.Invalid(
            description: "The environment variable \(unknown) is not known; "
                + (advice ?? "sensorium options --markdown lists those that are."))
    }

    /// What clients send as their key: it may be set where a server is started, but does not make that one ask for keys.
    private static let clientKey = "SENSORIUM_API_KEY"

    /// The prefix would make every variable look near to every other.
    private static func nearestVariable(to unknown: String, among known: [String]) -> String? {
        let tail: (String) -> String = { $0.dropFirst(Setting.variablePrefix.count).lowercased() }
        return nearestName(to: tail(unknown), among: known.map(tail))
            .map { Setting.variablePrefix + $0.uppercased() }
    }

    private func checkTogether() throws(Setting.Invalid) {
        guard (http.tlsCertificatePath == nil) == (http.tlsKeyPath == nil) else {
            throw Setting.Invalid(description: "--tls-certificate and --tls-key belong together; give both or none.")
        }
        guard maxBody <= Self.largestBody(of: memory) else {
            throw Setting.Invalid(
                description: "--max-body (\(ByteCount.text(maxBody))) is larger than the "
                    + "\(ByteCount.text(Self.largestBody(of: memory))) that --max-memory (\(ByteCount.text(memory))) has for "
                    + "one client, so that the largest body could never be taken; raise --max-memory.")
        }
    }
}

import JSON

extension SensoriumConfiguration {
    /// Reads `config.json`, or lists what is wrong with it.
    static func read(_ root: JSONCursor) -> Result<SensoriumConfiguration, ConfigurationProblems> {
        var reader = ConfigurationReader(file: "config.json", root)
        // A model of another type has other keys, and naming those as missing would hide the one cause.
        _ = reader.string("model_type", oneOf: [modelType])
        if !reader.problems.isEmpty { return .failure(ConfigurationProblems(list: reader.problems)) }
        let configuration = SensoriumConfiguration(
            name: reader.string("name"),
            width: reader.optionalInteger("width", in: 1...16384) ?? 0,
            towers: Named(reader.objects("towers") { _, tower in Tower(reading: &tower) }),
            heads: Named(reader.objects("heads") { name, head in Head(name, reading: &head) }),
            confidence: Named(
                reader.has("confidence")
                    ? reader.objects("confidence") { _, head in Confidence(reading: &head) } : []))
        if configuration.heads.caption != nil, !reader.has("width") { _ = reader.integer("width", in: 1...16384) }
        configuration.checkTogether(&reader)
        guard !reader.problems.isEmpty else { return .success(configuration) }
        // Keys too many keep nothing from being read.
        let isRead = reader.problems.allSatisfy { if case .unknownKey = $0 { true } else { false } }
        return .failure(ConfigurationProblems(list: reader.problems, reading: isRead ? configuration : nil))
    }
}

/// The problems of one configuration file.
struct ConfigurationProblems: Error {
    let list: [CheckpointProblem]
    /// What the rest of the file says, by which other parts can be looked at; nil where that is not known.
    var reading: SensoriumConfiguration?
}

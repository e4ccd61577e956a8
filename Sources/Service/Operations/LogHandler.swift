import Logging

/// Sends what is logged through swift-log to a sink.
///
/// ```swift
/// let sink = LogSink(.json)
/// LoggingSystem.bootstrap { label in SinkLogHandler(label: label, sink: sink) }
/// ```
public struct SinkLogHandler: LogHandler {
    /// The least level that is logged. Default: info.
    public var logLevel: Logger.Level = .info
    /// Details of every line.
    public var metadata: Logger.Metadata = [:]
    /// Details that depend on the task.
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let sink: LogSink
    private let now: @Sendable () -> LogTime

    /// A handler for the logger with that label.
    public init(label: String, sink: LogSink, now: @escaping @Sendable () -> LogTime = { .now }) {
        self.label = label
        self.sink = sink
        self.now = now
    }

    /// One detail of every line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one event: the details of the statement win over the provider's, and those over the logger's.
    public func log(event: LogEvent) {
        var details = metadata
        if let provided = metadataProvider?.get() { details.merge(provided) { $1 } }
        if let given = event.metadata { details.merge(given) { $1 } }
        var fields: [(key: String, value: LogLine.Value)] = [("logger", .text(label))]
        if let error = event.error { fields.append(("error", .text("\(error)"))) }
        fields += details.sorted { $0.key < $1.key }.map { ($0.key, .text("\($0.value)")) }
        sink.write(LogLine(event.level.rawValue, event.message.description, at: now(), fields: fields))
    }
}

/// What the log says of one answer. The path and the query are left out: they may hold what a person wrote, names of files among
/// it.
public struct AccessLogEntry: Sendable {
    /// The id that the answer carries.
    public var requestID: String
    /// The client's address.
    public var peer: String
    /// The method, nil where the message broke before it was known.
    public var method: String?
    /// The route's template, nil if none matched.
    public var route: String?
    /// The status sent, nil if the client went away before.
    public var status: Int?
    /// The code of the problem answered, nil if it was none.
    public var problem: String?
    /// Bytes of content received.
    public var bytesReceived = 0
    /// Bytes of content sent.
    public var bytesSent = 0
    /// From the end of the head to the last byte of the answer.
    public var total: Duration
    /// Where the time went: `queue`, `decode`, `encode`, `generate`.
    public var stages: [(name: String, duration: Duration)] = []

    /// An entry; the rest is filled in as it becomes known.
    public init(
        requestID: String, peer: String, method: String?, route: String?, status: Int?, total: Duration
    ) {
        self.requestID = requestID
        self.peer = peer
        self.method = method
        self.route = route
        self.status = status
        self.total = total
    }

    /// The entry as a line: an error if the server failed, else information.
    public func line(at time: LogTime = .now) -> LogLine {
        var fields: [(key: String, value: LogLine.Value)] = [
            ("request_id", .text(requestID)), ("peer", .text(peer)),
        ]
        if let method { fields.append(("method", .text(method))) }
        if let route { fields.append(("route", .text(route))) }
        if let status { fields.append(("status", .count(status))) }
        if let problem { fields.append(("problem", .text(problem))) }
        fields += [
            ("bytes_received", .count(bytesReceived)), ("bytes_sent", .count(bytesSent)),
            ("total_ms", .milliseconds(total)),
        ]
        fields += stages.map { ("\($0.name)_ms", .milliseconds($0.duration)) }
        let message = status == nil ? "client went away" : "answered"
        // A 503 is the server's way to say "not now"; what it cannot answer at all is worth a look.
        return LogLine(status == 500 ? "error" : "info", message, at: time, fields: fields)
    }
}

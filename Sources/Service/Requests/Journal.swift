import HTTP
import Logging

/// Where it is noted what became of messages: metrics, the access log, and the causes of failures.
final class Journal: Sendable {
    let metrics: Metrics
    private let accessLog: LogSink?
    private let logger: Logger

    /// - Parameter accessLog: takes a line for each answer; nil for none.
    init(metrics: Metrics, accessLog: LogSink?, logger: Logger) {
        self.metrics = metrics
        self.accessLog = accessLog
        self.logger = logger
    }

    /// Begins the record of a message and notes it when the last byte of its answer is sent, or its client gone.
    ///
    /// - Parameters:
    ///   - method: nil where the message never became a request and its method is not known.
    ///   - peer: the client's address.
    ///   - route: nil where none matched.
    func record(
        method: String?, _ identity: RequestIdentity, peer: String, _ route: Route?, _ exchange: any HTTPExchange
    ) -> RequestRecord {
        let record = RequestRecord(
            AccessLogEntry(
                requestID: identity.id, peer: peer, method: method, route: route?.template, status: nil, total: .zero))
        exchange.onComplete { [self] status, bytesSent in note(record, status: status, bytesSent: bytesSent) }
        return record
    }

    private func note(_ record: RequestRecord, status: Int?, bytesSent: Int) {
        let entry = record.entry(status: status, bytesSent: bytesSent)
        // 499 is nginx's number for a client that did not wait.
        metrics.countRequest(
            route: entry.route ?? "none", method: entry.method ?? "none", status: status ?? 499, duration: entry.total,
            bodyBytes: entry.bytesReceived)
        if let problem = entry.problem { metrics.rejected(problem).add() }
        accessLog?.write(entry.line())
    }

    /// Notes why the server failed on a request.
    func failed(_ requestID: String, _ cause: any Error) {
        logger.error("A request failed.", metadata: ["request_id": "\(requestID)", "cause": "\(cause)"])
    }
}

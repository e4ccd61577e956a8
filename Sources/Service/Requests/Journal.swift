import HTTP
import Logging

/// Where it is noted what became of requests: metrics, the access log, and the causes of failures.
final class Journal: Sendable {
    let metrics: Metrics
    private let accessLog: LogSink?
    private let logger: Logger

    /// - Parameter accessLog: takes a line for each request; nil for none.
    init(metrics: Metrics, accessLog: LogSink?, logger: Logger) {
        self.metrics = metrics
        self.accessLog = accessLog
        self.logger = logger
    }

    /// Begins the record of a request and notes it when the last byte of its answer is sent, or its client gone.
    func record(_ head: HTTPRequestHead, _ identity: RequestIdentity, _ route: Route?, _ exchange: any HTTPExchange)
        -> RequestRecord
    {
        let record = RequestRecord(head, requestID: identity.id, peer: exchange.peerAddress, route)
        exchange.onComplete { [self] status, bytesSent in note(record, status: status, bytesSent: bytesSent) }
        return record
    }

    private func note(_ record: RequestRecord, status: Int?, bytesSent: Int) {
        let entry = record.entry(status: status, bytesSent: bytesSent)
        // 499 is nginx's number for a client that did not wait.
        metrics.countRequest(
            route: entry.route ?? "none", method: entry.method, status: status ?? 499, duration: entry.total,
            bodyBytes: entry.bytesReceived)
        if let problem = entry.problem { metrics.rejected(problem).add() }
        // Probes that find all well would fill the log and say nothing.
        if let accessLog, !(record.isProbe && status == 200) { accessLog.write(entry.line()) }
    }

    /// Notes a message that never became a request.
    func note(_ failure: HTTPFailure) {
        metrics.countRequest(route: "none", method: "other", status: failure.status, duration: .zero, bodyBytes: 0)
        metrics.rejected(failure.code).add()
    }

    /// Notes why the server failed on a request.
    func failed(_ requestID: String, _ cause: any Error) {
        logger.error("A request failed.", metadata: ["request_id": "\(requestID)", "cause": "\(cause)"])
    }
}

import HTTP

/// `GET /metrics`: what the service counts, for Prometheus.
struct MetricsRoute: Sendable {
    let metrics: Metrics

    var route: Route {
        .get("/metrics", access: .metrics, produces: ["text/plain", "application/openmetrics-text"]) { request in
            let accept = request.head.headers.values("Accept").joined(separator: ",")
            let format = MetricsFormat(accept: accept)
            return HTTPResponse(
                status: 200,
                headers: HTTPHeaders([("Content-Type", format.contentType), ("Cache-Control", "no-store")]),
                body: Array(format.text(metrics.registry.snapshots).utf8))
        }
    }
}

import HTTP
import JSON
import Scheduler
import Tasks

/// Probes. For a probe the status alone counts: 200 or 503.
struct HealthRoutes: Sendable {
    let state: ServingState
    /// What waits and runs.
    let loads: @Sendable () -> [TaskLoad]
    let decoding: DecoderWatch
    /// `--max-queue`
    let maxQueue: Int

    var routes: [Route] {
        [
            .get("/health/live", access: .probe) { _ in Self.alive },
            .get("/health/startup", access: .probe) { _ in
                probe("started", state.phase != .starting, "the model is being loaded")
            },
            .get("/health/ready", access: .probe) { _ in probe("ready", reason == nil, reason ?? "") },
            .get("/health", access: .probe) { _ throws(Problem) in try summary() },
        ]
    }

    /// Made once: it is asked for the most, and depends on nothing.
    private static let alive = HTTPResponse(
        status: 200, headers: HTTPHeaders([("Content-Type", "application/json")]),
        body: Array("{\"status\":\"live\"}".utf8))

    /// Why no request should be sent here; nil when ready.
    private var reason: String? {
        switch state.phase {
        case .starting: "the model is being loaded"
        case .leaving: "the server is about to shut down, and answers until then"
        case .draining: "the server is shutting down"
        case .ready:
            if decoding.obstacle != nil {
                "uploads cannot be decoded; the log says why"
            } else {
                loads().first { $0.waiting >= maxQueue }.map { "the queue of \($0.task) is full" }
            }
        }
    }

    private func probe(_ good: String, _ isGood: Bool, _ reason: String) -> HTTPResponse {
        var json = JSONWriter(capacity: 64)
        json.object { json in
            json.field("status", isGood ? good : "not \(good)")
            if !isGood { json.field("reason", reason) }
        }
        return HTTPResponse(
            status: isGood ? 200 : 503, headers: HTTPHeaders([("Content-Type", "application/json")]), body: json.bytes)
    }

    /// The state in a glance, for people; always 200.
    private func summary() throws(Problem) -> HTTPResponse {
        do throws(JSONError) {
            return try .json { json throws(JSONError) in
                json.field("status", reason == nil ? "ready" : "not ready")
                if let reason { json.field("reason", reason) }
                if let confinement = decoding.confinement {
                    json.field("sandbox") { json in
                        json.object { json in
                            json.field("seccomp", confinement.seccomp)
                            json.field("landlock", confinement.landlock)
                            json.field("namespaces", confinement.namespaces)
                        }
                    }
                }
                let loads = loads()
                try json.field("models") { json throws(JSONError) in
                    try json.array { json throws(JSONError) in
                        for card in state.models {
                            try json.object { json throws(JSONError) in
                                try card.write(to: &json, loads.filter { $0.task.model == card.name })
                            }
                        }
                    }
                }
            }
        } catch {
            throw .internalError
        }
    }
}

extension ModelCard {
    fileprivate func write(to json: inout JSONWriter, _ loads: [TaskLoad]) throws(JSONError) {
        json.field("name", name)
        json.field("tasks", tasks)
        try json.field("queues") { json throws(JSONError) in
            try json.object { json throws(JSONError) in for load in loads { try load.write(to: &json) } }
        }
    }
}

extension TaskLoad {
    fileprivate func write(to json: inout JSONWriter) throws(JSONError) {
        try json.field(task.name) { json throws(JSONError) in
            try json.object { json throws(JSONError) in
                json.field("waiting", waiting)
                json.field("running", running)
                try json.field("oldest_seconds", oldestWait.inSeconds)
            }
        }
    }
}

import JSON
import Scheduler

/// Where a request's time went: the field `timing` in milliseconds, and `Server-Timing`.
struct AnswerTiming: Sendable {
    /// Waiting for a decoder and for the engine.
    var queue: Duration
    /// Turning the upload into the model's input.
    var decode: Duration
    /// The towers, with what else was in the batch.
    var encode: Duration
    /// Token by token; nil for answers that are not generated.
    var generate: Duration?
    /// From the end of the request's head to now.
    var total: Duration

    private var stages: [(name: String, milliseconds: Double)] {
        let stages: [(String, Duration?)] = [
            ("queue", queue), ("decode", decode), ("encode", encode), ("generate", generate), ("total", total),
        ]
        return stages.compactMap { name, duration in duration.map { (name, $0.milliseconds) } }
    }

    /// Writes the field `timing`.
    func write(to json: inout JSONWriter) throws(JSONError) {
        try json.field("timing") { json throws(JSONError) in
            try json.object { json throws(JSONError) in
                for stage in stages { try json.field(stage.name, stage.milliseconds) }
            }
        }
    }

    /// The value of the field line `Server-Timing` (W3C Server Timing).
    var serverTiming: String {
        stages.map { "\($0.name);dur=\($0.milliseconds)" }.joined(separator: ", ")
    }
}

extension Duration {
    /// Milliseconds, rounded to three digits.
    var milliseconds: Double { (seconds * 1e6).rounded() / 1e3 }

    /// Seconds.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

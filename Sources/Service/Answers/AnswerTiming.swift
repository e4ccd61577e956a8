import HTTP
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
    /// The head on what the towers gave; nil for answers of the towers alone.
    var fuse: Duration?
    /// Token by token; nil for answers that are not generated.
    var generate: Duration?
    /// Reading the words of the picture, with the turns of others; nil where none were to be read besides.
    var read: Duration?
    /// Writing down what is said, by another model; nil where that was not wanted.
    var transcribe: Duration?
    /// Searching a collection, or ranking candidates; nil for other answers.
    var search: Duration?
    /// Until an item was on disk; nil for other answers.
    var store: Duration?
    /// From the end of the request's head to its answer; 0 until there is one.
    private(set) var total = Duration.zero

    /// The whole time of a request that is answered now, for the answer and for the log.
    func ended(_ request: Request) -> AnswerTiming {
        var timing = self
        timing.total = request.age
        request.record.took(timing)
        return timing
    }

    /// The stages in order, without the total.
    var stages: [(name: String, duration: Duration)] {
        [("queue", queue), ("decode", decode), ("encode", encode)]
            + [
                ("fuse", fuse), ("generate", generate), ("read", read), ("transcribe", transcribe), ("search", search),
                ("store", store),
            ].compactMap {
                name, duration in duration.map { (name, $0) }
            }
    }

    private var figures: [(name: String, milliseconds: Double)] {
        (stages + [("total", total)]).map { ($0.name, $0.duration.milliseconds) }
    }

    /// Writes the field `timing`.
    func write(to json: inout JSONWriter) throws(JSONError) {
        try json.field("timing") { json throws(JSONError) in
            try json.object { json throws(JSONError) in
                for stage in figures { try json.field(stage.name, stage.milliseconds) }
            }
        }
    }

    /// The field line `Server-Timing`.
    var headers: HTTPHeaders { HTTPHeaders([("Server-Timing", serverTiming)]) }

    /// The value of the field line `Server-Timing` (W3C Server Timing).
    var serverTiming: String {
        figures.map { "\($0.name);dur=\($0.milliseconds)" }.joined(separator: ", ")
    }
}

extension Duration {
    /// Milliseconds, rounded to three digits.
    var milliseconds: Double { (inSeconds * 1e6).rounded() / 1e3 }
}

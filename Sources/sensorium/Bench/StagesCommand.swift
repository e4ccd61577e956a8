import ArgumentParser
import Glibc
import JSON
import Tasks

struct StagesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stages",
        abstract: "Time the stages of a greedy caption at several batch sizes, without a server.",
        discussion: """
            For each batch size and stage: milliseconds that passed, and milliseconds that the cores worked, both per \
            caption, the least of all rounds. The sizes take turns, so that drift of a shared machine touches all alike.
            """)

    @OptionGroup var arguments: ModelArguments
    @Option(help: ArgumentHelp("A photo.", valueName: "file")) var image: String
    @Option(help: ArgumentHelp("Batch sizes, separated by commas.", valueName: "numbers")) var batches = "1,2,4,8,16"
    @Option(help: "Rounds over all sizes.") var rounds = 5

    func run() throws {
        let sizes = batches.split(separator: ",").compactMap { Int($0) }
        guard !sizes.isEmpty, sizes.allSatisfy({ $0 > 0 }), rounds > 0 else {
            throw CommandFailure.usage("--batches takes numbers from 1, --rounds one from 1.")
        }
        let model = try arguments.load()
        var best: [Int: StageTimes] = [:]
        for round in 0...rounds {
            for size in sizes {
                let times = try captions(size, model)
                // The first round fills caches and allocates memory.
                if round > 0 { best[size] = best[size].map { $0.least(times) } ?? times }
            }
        }
        var json = JSONWriter()
        try json.object { json throws(JSONError) in
            json.field("threads", model.threads)
            for size in sizes {
                guard let times = best[size] else { continue }
                try json.field("batch_\(size)") { json throws(JSONError) in
                    try json.object { json throws(JSONError) in try times.write(&json) }
                }
            }
        }
        try StandardOutput.print(json.text)
    }

    private func captions(_ size: Int, _ model: LoadedModel) throws -> StageTimes {
        var times = StageTimes(captions: size)
        let pixels = try times.measure("decode") { try (0..<size).map { _ in try model.pixels(ofFile: image) } }
        let encodings = times.measure("tower") { model.encodeImages(pixels) }
        let generations = try times.measure("memory") {
            try model.startCaptions(encodings.map { ($0, GenerationOptions(beams: 1)) })
        }
        times.measure("steps") {
            while !generations.allSatisfy(\.isFinished) { model.step(generations) }
        }
        return times
    }
}

/// What each stage took, in milliseconds per caption.
private struct StageTimes {
    private let captions: Int
    private var stages: [(name: String, passed: Double, worked: Double)] = []

    init(captions: Int) { self.captions = captions }

    mutating func measure<Value, Failure: Error>(
        _ name: String, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let start = (Self.clock(CLOCK_MONOTONIC), Self.clock(CLOCK_PROCESS_CPUTIME_ID))
        let value = try body()
        let end = (Self.clock(CLOCK_MONOTONIC), Self.clock(CLOCK_PROCESS_CPUTIME_ID))
        stages.append((name, (end.0 - start.0) / Double(captions), (end.1 - start.1) / Double(captions)))
        return value
    }

    /// The lesser of each figure.
    func least(_ other: StageTimes) -> StageTimes {
        var result = self
        for index in stages.indices {
            result.stages[index].passed = min(stages[index].passed, other.stages[index].passed)
            result.stages[index].worked = min(stages[index].worked, other.stages[index].worked)
        }
        return result
    }

    func write(_ json: inout JSONWriter) throws(JSONError) {
        for stage in stages {
            try json.field("\(stage.name)_ms", Self.rounded(stage.passed))
            try json.field("\(stage.name)_core_ms", Self.rounded(stage.worked))
        }
        try json.field("core_ms", Self.rounded(stages.reduce(0) { $0 + $1.worked }))
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

    /// A clock's milliseconds.
    private static func clock(_ id: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(id, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }
}

/// What the jobs of one task have cost lately, from which the cost of the next is guessed.
struct TaskCost: Sendable {
    /// The share of the newest observation in the average: some twenty observations are remembered.
    private static let newest = 0.1

    /// Seconds of the engine per unit of size; nil before the first job.
    private var begin: Double?
    private var generate: Double?

    /// A batch of jobs of that size together was begun, and took so long without what was done for others meanwhile.
    mutating func began(size: Double, took: Duration) {
        Self.learn(took.seconds / max(size, 1e-3), &begin)
    }

    /// The steps of one generation cost so much in all: its parts of the time of the steps that it shared with others.
    mutating func generated(size: Double, cost: Duration) {
        Self.learn(cost.seconds / max(size, 1e-3), &generate)
    }

    /// What beginning a job of that size will take; zero where nothing is known.
    func beginning(size: Double) -> Duration { .seconds((begin ?? 0) * size) }

    /// What a job of that size will cost in all; zero where nothing is known.
    func whole(size: Double) -> Duration { .seconds(((begin ?? 0) + (generate ?? 0)) * size) }

    private static func learn(_ observed: Double, _ average: inout Double?) {
        average = average.map { $0 + (observed - $0) * newest } ?? observed
    }
}

extension SchedulerCore {
    /// Takes the outcome of the batch that was begun last, one verdict per job. A missing verdict is a failure of that job.
    ///
    /// - Parameter paused: the time of its `interlude`s, which others have had.
    mutating func beginEnded(_ verdicts: [BeginVerdict], paused: Duration = .zero, at now: EngineInstant) {
        guard var entries = beginnings.popLast(), let first = entries.first else { return }
        owesStep = true
        let policy = tasks[first.task]
        let took = max(.zero, (first.timing.began.map { $0.duration(to: now) } ?? .zero) - paused)
        events.append(.begun(task: policy.task, size: entries.count, took: took))
        charge(took, of: &entries)
        for (index, var entry) in entries.enumerated() {
            entry.timing.encoded = now
            guard !endsUnheard(entry, index, of: entries.count, got: verdicts.count, at: now) else { continue }
            switch verdicts[index] {
            case .done(let output):
                end(entry, .done, .success(output), at: now)
            case .failed(let error):
                end(entry, .failed, .failure(error), at: now)
            case .generating where policy.generates:
                running.append(entry)
            case .generating:
                end(entry, .failed, .failure(SchedulerError.unexpectedGeneration(task: policy.task)), at: now)
            }
        }
    }

    /// Shares the time of a batch out among its jobs by their sizes, in place of what was charged before.
    private mutating func charge(_ took: Duration, of entries: inout [Entry]) {
        let size = entries.reduce(0) { $0 + $1.terms.size }
        costs[entries[0].task].began(size: size, took: took)
        for index in entries.indices {
            let share = size > 0 ? entries[index].terms.size / size : 1 / Double(entries.count)
            let cost = took * share
            shares.charge(entries[index].client, cost - entries[index].advance)
            entries[index].timing.cost = cost
        }
    }

    /// Takes the outcome of the step that was asked for, which began at `start`: one verdict per generation in its order.
    mutating func stepEnded(_ verdicts: [StepVerdict], startedAt start: EngineInstant, at now: EngineInstant) {
        let entries = takeStepping()
        let sizes = Dictionary(entries.map { (tasks[$0.task].task, 1) }, uniquingKeysWith: +)
        let took = start.duration(to: now)
        events.append(.stepped(sizes: sizes, took: took))
        let cost = took / max(1, entries.count)
        for (index, var entry) in entries.enumerated() {
            entry.timing.steps += 1
            entry.timing.cost += cost
            shares.charge(entry.client, cost)
            guard !endsUnheard(entry, index, of: entries.count, got: verdicts.count, at: now) else { continue }
            switch verdicts[index] {
            case .advanced: running.append(entry)
            case .done(let output): end(entry, .done, .success(output), at: now)
            case .failed(let error): end(entry, .failed, .failure(error), at: now)
            }
        }
    }

    /// Ends a job for which the worker said nothing, or whose client has gone meanwhile, whatever was said; else false.
    private mutating func endsUnheard(
        _ entry: Entry, _ index: Int, of expected: Int, got: Int, at now: EngineInstant
    ) -> Bool {
        guard index < got else {
            let task = tasks[entry.task].task
            let error = SchedulerError.outcomeMissing(task: task, expected: expected, got: got)
            end(entry, .failed, .failure(error), at: now)
            return true
        }
        guard entry.isCancelled else { return false }
        end(entry, .cancelledRunning, at: now)
        return true
    }

    /// Ends what was cancelled, has expired or must stop. A job that is done in time of the engine's return is answered even if
    /// its deadline passed meanwhile: its work is spent already.
    mutating func sweep(at now: EngineInstant) {
        for number in queues.indices
        where queues[number].contains(where: { $0.isExpired(at: now) || $0.isOverdue(at: now) }) {
            let waiting = queues[number]
            queues[number] = waiting.filter { !$0.isExpired(at: now) && !$0.isOverdue(at: now) }
            for entry in waiting where entry.isExpired(at: now) || entry.isOverdue(at: now) {
                end(entry, entry.isExpired(at: now) ? .expiredInQueue : .overdue, at: now)
            }
        }
        guard isStopped || running.contains(where: { $0.isCancelled || $0.isExpired(at: now) }) else { return }
        let before = running
        running = []
        for entry in before {
            if entry.isCancelled {
                end(entry, .cancelledRunning, at: now)
            } else if entry.isExpired(at: now) {
                end(entry, .expiredRunning, at: now)
            } else if isStopped {
                end(entry, .stopped, at: now)
            } else {
                running.append(entry)
            }
        }
    }

    /// Ends a job without an output of the worker.
    mutating func end(_ entry: Entry, _ end: JobEnd, at now: EngineInstant) {
        let task = tasks[entry.task].task
        let error: SchedulerError =
            switch end {
            case .cancelledInQueue: .cancelled(started: false)
            case .cancelledRunning: .cancelled(started: true)
            case .expiredInQueue: .deadlineExceeded(task: task, started: false)
            case .expiredRunning: .deadlineExceeded(task: task, started: true)
            case .overdue: .overdue(task: task)
            case .crowdedOut: .queueFull(task: task, bound: configuration.maxQueue)
            case .stopped, .done, .failed: .stopped
            }
        self.end(entry, end, .failure(error), at: now)
    }

    /// Ends a job with a result.
    private mutating func end(
        _ entry: Entry, _ end: JobEnd, _ result: Result<Output, any Error>, at now: EngineInstant
    ) {
        var timing = entry.timing
        timing.ended = now
        shares.leave(entry.client)
        if case .done = end, timing.steps > 0 { learnGeneration(of: entry, timing) }
        ended.append(Ended(id: entry.id, payload: entry.payload, result: result, timing: timing))
        events.append(.ended(task: tasks[entry.task].task, end, timing))
    }

    private mutating func learnGeneration(of entry: Entry, _ timing: JobTiming) {
        let steps = max(.zero, timing.cost - costs[entry.task].beginning(size: entry.terms.size))
        costs[entry.task].generated(size: entry.terms.size, cost: steps)
    }
}

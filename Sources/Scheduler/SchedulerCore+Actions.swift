extension SchedulerCore {
    /// Decides what the engine does now. The previous action must have been reported.
    mutating func nextAction(at now: EngineInstant) -> Action {
        precondition(beginning.isEmpty, "the batch that was begun has not been reported")
        sweep(at: now)
        if isStopped { return .stop }
        if !(owesStep && !running.isEmpty), let batch = formBatch(at: now) {
            return batch
        }
        owesStep = false
        return running.isEmpty ? .wait : .step(running.map(\.id))
    }

    /// Takes the outcome of the batch that was begun, one verdict per job. A missing verdict is a failure of that job.
    mutating func beginEnded(_ verdicts: [BeginVerdict], at now: EngineInstant) {
        let entries = beginning
        beginning = []
        owesStep = true
        guard let first = entries.first else { return }
        let policy = configuration.tasks[first.task]
        events.append(
            .begun(
                task: policy.task, size: entries.count,
                took: first.timing.began.map { $0.duration(to: now) } ?? .zero))
        for (index, var entry) in entries.enumerated() {
            entry.timing.encoded = now
            guard index < verdicts.count else {
                let error = SchedulerError.outcomeMissing(
                    task: policy.task, expected: entries.count, got: verdicts.count)
                end(entry, .failed, .failure(error), at: now)
                continue
            }
            if entry.isCancelled {
                end(entry, .cancelledRunning, at: now)
                continue
            }
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

    /// Takes the outcome of a step over all running generations, which began at `start`.
    mutating func stepEnded(_ verdicts: [StepVerdict], startedAt start: EngineInstant, at now: EngineInstant) {
        let entries = running
        running = []
        let sizes = Dictionary(entries.map { (configuration.tasks[$0.task].task, 1) }, uniquingKeysWith: +)
        events.append(.stepped(sizes: sizes, took: start.duration(to: now)))
        for (index, var entry) in entries.enumerated() {
            entry.timing.steps += 1
            guard index < verdicts.count else {
                let error = SchedulerError.outcomeMissing(
                    task: configuration.tasks[entry.task].task, expected: entries.count, got: verdicts.count)
                end(entry, .failed, .failure(error), at: now)
                continue
            }
            if entry.isCancelled {
                end(entry, .cancelledRunning, at: now)
                continue
            }
            switch verdicts[index] {
            case .advanced: running.append(entry)
            case .done(let output): end(entry, .done, .success(output), at: now)
            case .failed(let error): end(entry, .failed, .failure(error), at: now)
            }
        }
    }

    /// Ends what was cancelled, has expired or must stop. A job that is done in time of the engine's return is answered even if
    /// its deadline passed meanwhile: its work is spent already.
    private mutating func sweep(at now: EngineInstant) {
        for number in queues.indices where queues[number].contains(where: { $0.isExpired(at: now) }) {
            let waiting = queues[number]
            queues[number] = waiting.filter { !$0.isExpired(at: now) }
            for entry in waiting where entry.isExpired(at: now) { end(entry, .expiredInQueue, at: now) }
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

    /// The next batch, of the first task in turn that has one.
    private mutating func formBatch(at now: EngineInstant) -> Action? {
        let isIdle = running.isEmpty
        let room = configuration.maxBatch - running.reduce(0) { $0 + $1.weight }
        let limit = isIdle ? configuration.maxBatch : min(configuration.maxBatch, configuration.maxBatchBetweenSteps)
        var roomIsKept = false
        for number in queues.indices.sorted(by: { lastTurns[$0] < lastTurns[$1] }) {
            let generates = configuration.tasks[number].generates
            guard let oldest = queues[number].first, !(generates && roomIsKept) else { continue }
            let (count, isFull) = portion(of: queues[number], limit: limit, room: generates ? room : .max)
            guard count > 0 else {
                roomIsKept = true
                continue
            }
            let reason: BatchReason
            if isFull {
                reason = .full
            } else if isIdle {
                reason = .idle
            } else if oldest.timing.submitted.advanced(by: configuration.batchWindow) <= now {
                reason = .window
            } else if queues[number].prefix(count).contains(where: {
                $0.isExpired(at: now.advanced(by: configuration.batchWindow))
            }) {
                reason = .deadline
            } else {
                continue
            }
            return begin(task: number, count: count, reason: reason, at: now)
        }
        return nil
    }

    /// How many of the first jobs fit together, and whether more weight than waits would not have fitted.
    ///
    /// The first job may be heavier than the limit between steps, for it could otherwise never be begun while generations run;
    /// it then runs alone.
    private func portion(of queue: [Entry], limit: Int, room: Int) -> (count: Int, isFull: Bool) {
        var (count, weight) = (0, 0)
        for entry in queue {
            let fits = weight + entry.weight <= min(limit, room) || (count == 0 && entry.weight <= room)
            guard fits else { return (count, true) }
            count += 1
            weight += entry.weight
        }
        return (count, weight >= min(limit, room))
    }

    private mutating func begin(task number: Int, count: Int, reason: BatchReason, at now: EngineInstant) -> Action {
        lastTurns[number] = batchCount
        batchCount += 1
        beginning = Array(queues[number].prefix(count))
        queues[number].removeFirst(count)
        for index in beginning.indices {
            beginning[index].timing.began = now
            beginning[index].timing.batchSize = count
        }
        let task = configuration.tasks[number].task
        events.append(.batch(task: task, waits: beginning.map(\.timing.queue), reason: reason))
        return .begin(task, beginning.map { ($0.id, $0.payload) })
    }
}

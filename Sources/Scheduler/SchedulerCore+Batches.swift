extension SchedulerCore {
    /// The next batch for those whose turn it is, of the first task in turn that has one.
    mutating func formBatch(for isTurn: Turn, at now: EngineInstant) -> Action? {
        let isIdle = running.isEmpty
        let room = configuration.maxBatch - running.reduce(0) { $0 + $1.weight }
        let limit = isIdle ? configuration.maxBatch : min(configuration.maxBatch, configuration.maxBatchBetweenSteps)
        var roomIsKept = false
        for number in queues.indices.sorted(by: { lastTurns[$0] < lastTurns[$1] }) {
            let generates = tasks[number].generates
            let waiting = inTurn(number, isTurn)
            guard !waiting.isEmpty, !(generates && roomIsKept) else { continue }
            let (batch, isFull) = portion(of: waiting, limit: limit, room: generates ? room : .max)
            guard !batch.isEmpty else {
                roomIsKept = true
                continue
            }
            guard let reason = reason(for: batch, isFull: isFull, isIdle: isIdle, at: now) else { continue }
            return begin(task: number, batch, reason: reason, at: now)
        }
        return nil
    }

    /// What waits of a task for those whose turn it is, in the order in which it is to be begun: always the oldest of the
    /// client that has had least, what was taken before it counted. No more than can tell whether a batch is full.
    private func inTurn(_ number: Int, _ isTurn: Turn) -> [Entry] {
        let queue = queues[number]
        let most = configuration.maxBatch + 1
        if shares.presentCount <= 1, beginnings.isEmpty { return Array(queue.prefix(most)) }
        // A batch that pauses is interrupted by short ones only: what is begun meanwhile does not pause itself.
        var ofClient: [ClientID: [Int]] = [:]
        for index in queue.indices where beginnings.isEmpty || isShort(queue[index]) {
            ofClient[queue[index].client, default: []].append(index)
        }
        var lines = ofClient.filter { isTurn($0.key) }
            .map { (standing: shares.standing($0.key), waiting: $0.value[...]) }
        var ordered: [Entry] = []
        while ordered.count < most {
            let next = lines.indices.min { first, second in
                (lines[first].standing, lines[first].waiting[lines[first].waiting.startIndex])
                    < (lines[second].standing, lines[second].waiting[lines[second].waiting.startIndex])
            }
            guard let next, let index = lines[next].waiting.popFirst() else { break }
            lines[next].standing += max(costs[number].beginning(size: queue[index].terms.size).seconds, 1e-6)
            if lines[next].waiting.isEmpty { lines.remove(at: next) }
            ordered.append(queue[index])
        }
        return ordered
    }

    /// Whether a job takes no longer than a slice, or little beside the batch that pauses: where processors are slow, or shared
    /// with decoding, even the beginning of a caption takes longer than a slice, and so does all that it would wait for. Never
    /// more than five slices, for others wait for their steps meanwhile.
    private func isShort(_ entry: Entry) -> Bool {
        let slice = configuration.slice
        let paused = beginnings.first?.reduce(Duration.zero) { $0 + $1.advance } ?? .zero
        return costs[entry.task].beginning(size: entry.terms.size) <= max(slice, min(paused / 4, slice * 5))
    }

    /// How many of the first jobs fit together, and whether more weight than waits would not have fitted.
    ///
    /// The first job may be heavier than the limit between steps, and take longer than a slice, for it could otherwise never be
    /// begun; it then runs alone. Where it waits for room, that is kept for it, and only clients that have room beyond it pass.
    private func portion(of queue: [Entry], limit: Int, room: Int) -> (batch: [Entry], isFull: Bool) {
        var (batch, weight, time, left) = ([Entry](), 0, Duration.zero, room)
        var waitForRoom: Set<ClientID> = []
        for entry in queue where !waitForRoom.contains(entry.client) {
            let place = max(left, beyond(entry, room, batch))
            if batch.isEmpty, entry.weight > place {
                waitForRoom.insert(entry.client)
                left = 0
                continue
            }
            let cost = costs[entry.task].beginning(size: entry.terms.size)
            let fits = weight + entry.weight <= min(limit, place) && time + cost <= configuration.slice
            guard fits || batch.isEmpty else { return (batch, true) }
            batch.append(entry)
            weight += entry.weight
            time += cost
        }
        return (batch, weight >= min(limit, room) || !waitForRoom.isEmpty)
    }

    /// The room for a client that has no generation running, beyond what is left: others that run for long do not keep it out.
    private func beyond(_ entry: Entry, _ room: Int, _ batch: [Entry]) -> Int {
        guard room < entry.weight, shares.presentCount > 1,
            !running.contains(where: { $0.client == entry.client }),
            !batch.contains(where: { $0.client == entry.client })
        else { return room }
        return room + configuration.maxBatch
    }

    /// Why a batch is begun now; nil where it rather waits for company.
    private func reason(for batch: [Entry], isFull: Bool, isIdle: Bool, at now: EngineInstant) -> BatchReason? {
        if isFull { return .full }
        if isIdle { return .idle }
        let window = configuration.batchWindow
        if batch.contains(where: { $0.timing.submitted.advanced(by: window) <= now }) { return .window }
        return batch.contains { $0.isExpired(at: now.advanced(by: window)) } ? .deadline : nil
    }

    private mutating func begin(
        task number: Int, _ batch: [Entry], reason: BatchReason, at now: EngineInstant
    ) -> Action {
        lastTurns[number] = batchCount
        batchCount += 1
        let taken = Set(batch.map(\.id))
        queues[number].removeAll { taken.contains($0.id) }
        var batch = batch
        for index in batch.indices {
            batch[index].timing.began = now
            batch[index].timing.batchSize = batch.count
            batch[index].advance = costs[number].beginning(size: batch[index].terms.size)
            shares.charge(batch[index].client, batch[index].advance)
        }
        beginnings.append(batch)
        let task = tasks[number].task
        events.append(.batch(task: task, waits: batch.map(\.timing.queue), reason: reason))
        return .begin(task, batch.map { ($0.id, $0.payload) })
    }
}

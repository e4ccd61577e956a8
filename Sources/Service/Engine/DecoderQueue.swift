import Scheduler

/// How long decoding is expected to take.
enum DecodingLength: Sendable {
    case short
    case long
}

/// Which decoding job is next: shares of decoding time are equal among clients, what is short never waits for what is long,
/// and a client that has nothing in decoding does not wait for the jobs of another.
///
/// Short and long jobs have a queue each, and `2 × slots` threads each: they get `slots` of them as they come, and the others only
/// where nothing of that length is being decoded for their client.
struct DecoderQueue<Element: Sendable>: Sendable {
    /// A job that was taken, to be given back with what it took.
    struct Taken: Sendable {
        let element: Element
        let client: ClientID
        let length: DecodingLength
    }

    private struct Lane: Sendable {
        var queue = FairQueue<Element>()
        var running: [ClientID: Int] = [:]
        var runningCount = 0

        mutating func begin(_ client: ClientID) {
            running[client, default: 0] += 1
            runningCount += 1
        }

        mutating func end(_ client: ClientID, took: Duration) {
            queue.finish(client, took: took)
            runningCount -= 1
            running[client] = running[client].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
    }

    private let slots: Int
    private let bound: Int
    private var short = Lane()
    private var long = Lane()

    /// - Parameters:
    ///   - slots: how many jobs of each length run at once as a rule.
    ///   - bound: how many of each length may wait.
    init(slots: Int, bound: Int) {
        self.slots = slots
        self.bound = bound
    }

    /// How many jobs wait.
    var waitingCount: Int { short.queue.count + long.queue.count }

    /// Whether another job of that length may be run now, if it is one for a client that has none running.
    func hasWorkForAnother(_ length: DecodingLength) -> Bool {
        let lane = length == .short ? short : long
        return !lane.queue.isEmpty && lane.runningCount < 2 * slots
    }

    /// Whether a short job would be run at once although its client has others.
    var hasFreeSlot: Bool { short.queue.isEmpty && short.runningCount < slots }

    /// Adds a job at the end of its client's. Gives back the job that has no room: this one, or the newest of the client for
    /// whom most wait where those are more than wait for this client.
    mutating func append(_ element: Element, for client: ClientID, _ length: DecodingLength) -> Element? {
        change(length) { [bound] lane in
            var refused: Element?
            if lane.queue.count >= bound {
                // With this one the client would have one more: it may take the place of another only where that has more still.
                guard let other = lane.queue.popNewestOfLargest(above: lane.queue.count(of: client) + 1) else {
                    return element
                }
                refused = other.element
            }
            lane.queue.append(element, for: client)
            return refused
        }
    }

    /// Takes the job of that length that is next; nil where none waits or none may run now.
    mutating func popNext(_ length: DecodingLength) -> Taken? {
        change(length) { [slots] lane in
            let isOpen = lane.runningCount < slots
            guard lane.runningCount < 2 * slots else { return nil }
            let entry = lane.queue.popFirst { [running = lane.running] in isOpen || running[$0] == nil }
            guard let entry else { return nil }
            lane.begin(entry.client)
            return Taken(element: entry.element, client: entry.client, length: length)
        }
    }

    /// A job that was taken is done and took so long.
    mutating func finish(_ taken: Taken, took: Duration) { change(taken.length) { $0.end(taken.client, took: took) } }

    /// Takes out every job of which `isGone` is true.
    mutating func removeAll(where isGone: (Element) -> Bool) -> [Element] {
        (short.queue.removeAll(where: isGone) + long.queue.removeAll(where: isGone)).map(\.element)
    }

    private mutating func change<Result>(_ length: DecodingLength, _ body: (inout Lane) -> Result) -> Result {
        switch length {
        case .short: body(&short)
        case .long: body(&long)
        }
    }
}

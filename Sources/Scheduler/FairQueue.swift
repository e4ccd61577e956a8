/// What waits for a resource, in the order that ``FairShares`` sets: the oldest of the client that has had least.
public struct FairQueue<Element> {
    /// Something that waits.
    public struct Entry {
        /// Whom it is for.
        public let client: ClientID
        /// What it is.
        public let element: Element
    }

    private var waiting: [ClientID: [Element]] = [:]
    private var shares: FairShares
    /// How many wait.
    public private(set) var count = 0

    /// An empty queue.
    public init(_ shares: FairShares = FairShares()) {
        self.shares = shares
    }

    /// Whether nothing waits.
    public var isEmpty: Bool { count == 0 }

    /// How many wait for a client.
    public func count(of client: ClientID) -> Int { waiting[client]?.count ?? 0 }

    /// Adds something at the end of what waits for the client.
    public mutating func append(_ element: Element, for client: ClientID) {
        shares.join(client)
        waiting[client, default: []].append(element)
        count += 1
    }

    /// Takes what is next, of the clients for which `isEligible`. Until `finish`, it counts as being done.
    public mutating func popFirst(where isEligible: (ClientID) -> Bool = { _ in true }) -> Entry? {
        let next = waiting.keys.lazy.filter(isEligible)
            .map { (standing: shares.standing($0), client: $0) }
            // Of those that have had the same, by name: any order will do, as long as it is one.
            .min { ($0.standing, $0.client.name) < ($1.standing, $1.client.name) }
        guard let client = next?.client, let element = removeFirst(of: client) else { return nil }
        return Entry(client: client, element: element)
    }

    /// What was taken for the client is done and took so long.
    public mutating func finish(_ client: ClientID, took cost: Duration) {
        shares.charge(client, cost)
        shares.leave(client)
    }

    /// Takes out the newest of the client for whom most wait, where those are more than `least`.
    public mutating func popNewestOfLargest(above least: Int) -> Entry? {
        let largest = waiting.max { ($0.value.count, $0.key.name) < ($1.value.count, $1.key.name) }
        guard let (client, elements) = largest, elements.count > least, let element = elements.last else { return nil }
        waiting[client]?.removeLast()
        dropIfEmpty(client)
        count -= 1
        shares.leave(client)
        return Entry(client: client, element: element)
    }

    /// Takes out everything of which `isGone` is true, in no order.
    public mutating func removeAll(where isGone: (Element) -> Bool) -> [Entry] {
        var removed: [Entry] = []
        for (client, elements) in waiting where elements.contains(where: isGone) {
            let gone = elements.filter(isGone)
            waiting[client] = elements.filter { !isGone($0) }
            dropIfEmpty(client)
            count -= gone.count
            for element in gone {
                shares.leave(client)
                removed.append(Entry(client: client, element: element))
            }
        }
        return removed
    }

    private mutating func removeFirst(of client: ClientID) -> Element? {
        guard let element = waiting[client]?.first else { return nil }
        waiting[client]?.removeFirst()
        dropIfEmpty(client)
        count -= 1
        return element
    }

    private mutating func dropIfEmpty(_ client: ClientID) {
        if waiting[client]?.isEmpty == true { waiting[client] = nil }
    }
}

extension FairQueue: Sendable where Element: Sendable {}
extension FairQueue.Entry: Sendable where Element: Sendable {}

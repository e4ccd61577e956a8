import Scheduler
import Tasks
import Testing

@testable import Service

extension DecoderQueue {
    /// Takes what a thread that runs jobs of any length would.
    fileprivate mutating func popNext() -> Taken? { popNext(.short) ?? popNext(.long) }
}

@Suite struct `The queue of decoders` {
    private static let clients: [ClientID] = ["a", "b", "c", "d", "e"]

    private func expect(
        _ number: Int?, from queue: inout DecoderQueue<Int>, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let taken = queue.popNext()?.element
        #expect(taken == number, sourceLocation: sourceLocation)
    }

    @Test func `has what is short pass what is long`() {
        var queue = DecoderQueue<Int>(slots: 2, bound: 64)
        for number in 0..<8 { _ = queue.append(number, for: Self.clients[number % 4], .long) }
        let begun = (0..<4).map { _ in queue.popNext() }
        #expect(begun.map { $0?.length } == [.long, .long, .long, .long])
        expect(nil, from: &queue)
        _ = queue.append(8, for: "a", .short)
        _ = queue.append(9, for: "a", .short)
        expect(8, from: &queue)
        expect(9, from: &queue)
    }

    @Test func `has what is long of one client begin beside what is long of another`() {
        var queue = DecoderQueue<Int>(slots: 1, bound: 64)
        for number in 0..<3 { _ = queue.append(number, for: "a", .long) }
        expect(0, from: &queue)
        expect(nil, from: &queue)
        _ = queue.append(10, for: "b", .long)
        expect(10, from: &queue)
        expect(nil, from: &queue)
    }

    @Test func `serves who sends little before who sends much, beside it if need be`() throws {
        var queue = DecoderQueue<Int>(slots: 1, bound: 64)
        for number in 0..<20 { _ = queue.append(number, for: "much", .short) }
        let first = queue.popNext()
        for number in 100..<103 { _ = queue.append(number, for: "little", .short) }
        let second = queue.popNext()
        #expect(first?.element == 0 && second?.element == 100)
        expect(nil, from: &queue)
        queue.finish(try #require(first), took: .seconds(1))
        queue.finish(try #require(second), took: .milliseconds(10))
        expect(101, from: &queue)
        // The other has nothing in decoding now.
        expect(1, from: &queue)
        expect(nil, from: &queue)
    }

    @Test func `loses nothing, keeps its bounds and leaves no thread idle that could work`() throws {
        var generator = SplitMix64(seed: 16)
        for _ in 0..<200 {
            let slots = Int.random(in: 1...3, using: &generator)
            let bound = Int.random(in: 1...12, using: &generator)
            var queue = DecoderQueue<Int>(slots: slots, bound: bound)
            var running: [DecoderQueue<Int>.Taken] = []
            var present: Set<Int> = []
            var added: [Int: (client: ClientID, length: DecodingLength)] = [:]
            for number in 0..<200 {
                if Bool.random(using: &generator) || running.isEmpty {
                    let client = Self.clients.randomElement(using: &generator) ?? "a"
                    let length: DecodingLength = number % 3 == 0 ? .long : .short
                    added[number] = (client, length)
                    present.insert(number)
                    if let refused = queue.append(number, for: client, length) {
                        #expect(present.remove(refused) != nil)
                        #expect(added[refused]?.length == length)
                    }
                } else {
                    let ended = running.remove(at: Int.random(in: 0..<running.count, using: &generator))
                    queue.finish(ended, took: .milliseconds(Int.random(in: 0...300, using: &generator)))
                }
                while let taken = queue.popNext() {
                    #expect(present.remove(taken.element) != nil)
                    #expect(added[taken.element]?.client == taken.client)
                    running.append(taken)
                }
                #expect(queue.waitingCount == present.count && queue.waitingCount <= 2 * bound)
                for length in [DecodingLength.short, .long] {
                    #expect(running.count { $0.length == length } <= 2 * slots)
                }
                for waiting in present {
                    let (client, length) = try #require(added[waiting])
                    let beside = running.filter { $0.length == length }
                    // Whoever waits although a thread is idle has something running, and all slots of its kind are taken.
                    #expect(beside.count >= slots)
                    #expect(beside.count == 2 * slots || beside.contains { $0.client == client })
                }
            }
        }
    }
}

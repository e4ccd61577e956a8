import Testing

@testable import HTTP

struct TurnQueueTests {
    @Test func `owners take turns, and an owner's own keep their order`() {
        var queue = TurnQueue<String, Int>()
        for number in 0..<4 { queue.append(number, of: "many", again: false) }
        queue.append(10, of: "one", again: false)
        queue.append(20, of: "two", again: false)
        queue.append(21, of: "two", again: false)
        var order: [Int] = []
        while let next = queue.popFirst() { order.append(next) }
        #expect(order == [0, 10, 20, 1, 21, 2, 3])
        #expect(queue.isEmpty)
    }

    @Test func `what is not done has every other turn, and all of them when nothing else waits`() {
        var queue = TurnQueue<String, String>()
        for owner in ["a", "b", "c"] { queue.append("long \(owner)", of: owner, again: true) }
        for owner in ["a", "d"] { queue.append("short \(owner)", of: owner, again: false) }
        var order: [String] = []
        while let next = queue.popFirst() { order.append(next) }
        #expect(order == ["short a", "long a", "short d", "long b", "long c"])
    }

    @Test(arguments: 0..<20) func `nothing is lost, and nobody waits for more than one of each other owner`(
        _ seed: UInt64
    ) {
        var random = SplitMix(seed: seed)
        var queue = TurnQueue<Int, Int>()
        var waiting: [Int: [Int]] = [:]
        var sinceServed: [Int: Int] = [:]
        for number in 0..<2000 {
            if Int.random(in: 0..<5, using: &random) < 3 {
                let owner = Int.random(in: 0..<6, using: &random)
                if waiting[owner, default: []].isEmpty { sinceServed[owner] = 0 }
                waiting[owner, default: []].append(number)
                queue.append(number, of: owner, again: false)
            } else if let next = queue.popFirst() {
                let owner = waiting.first { $0.value.first == next }?.key
                #expect(owner != nil)
                for other in waiting.keys where other != owner && !waiting[other, default: []].isEmpty {
                    sinceServed[other, default: 0] += 1
                    #expect(sinceServed[other, default: 0] <= 5)
                }
                if let owner {
                    waiting[owner]?.removeFirst()
                    sinceServed[owner] = 0
                }
            }
        }
        while queue.popFirst() != nil {}
        #expect(queue.isEmpty)
    }
}

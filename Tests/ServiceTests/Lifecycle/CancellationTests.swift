import HTTP
import Testing

@testable import Service

@Suite struct `Clients that go away` {
    private let type = [("Content-Type", "image/jpeg")]

    /// A service whose engine stops at a gate before each batch of images.
    private func gated(maxBatch: Int = 1) throws -> (Harness, Gate) {
        let gate = Gate()
        let harness = try Harness(FakeModel(words: 1, encodeGate: gate), isReady: false) { $0.maxBatch = maxBatch }
        gate.open()
        try harness.service.serve(harness.model)
        gate.waitForArrival()
        return (harness, gate)
    }

    @Test func `a request whose client goes while it waits is never computed`() throws {
        let (harness, gate) = try gated()
        let running = harness.begin("POST", "/v1/caption", type, body: Photo.jpeg)
        gate.waitForArrival()
        let gone = harness.begin("POST", "/v1/caption", type, body: Photo.jpeg)
        wait { harness.waiting == 1 }
        gone.cancel()
        wait { harness.waiting == 0 }
        gate.open()
        #expect(running.answer().status == 200)
        #expect(harness.model.counts.withLock(\.encodedImages) == 2, "the warm-up and the one that stayed")
        wait { harness.hasCancellation }
    }

    @Test func `a request whose client goes while its photo is encoded is not generated`() throws {
        let (harness, gate) = try gated()
        let steps = harness.model.counts.withLock(\.steps)
        let gone = harness.begin("POST", "/v1/caption", type, body: Photo.jpeg)
        gate.waitForArrival()
        gone.cancel()
        gate.open()
        wait { harness.hasCancellation }
        #expect(harness.model.counts.withLock(\.steps) == steps)
        #expect(gone.answerSoFar == nil)
    }

    @Test func `a request whose client goes while words are generated stops at the next step`() throws {
        let gate = Gate()
        let harness = try Harness(FakeModel(words: 30, neverEndsBeyond: 30, stepGate: gate), isReady: false)
        gate.open(2)
        try harness.service.serve(harness.model)
        for _ in 0..<2 { gate.waitForArrival() }
        let gone = harness.begin("POST", "/v1/caption?max_tokens=31", type, body: Photo.jpeg)
        gate.waitForArrival()
        gone.cancel()
        gate.open()
        wait { harness.hasCancellation }
        #expect(harness.model.counts.withLock(\.steps) == 3, "the warm-up's two and the one under way")
    }

    @Test func `one client's going leaves those of its batch alone`() throws {
        let (harness, gate) = try gated(maxBatch: 4)
        let blocker = harness.begin("POST", "/v1/caption", type, body: Photo.jpeg)
        gate.waitForArrival()
        let batch = (0..<3).map { _ in harness.begin("POST", "/v1/caption", type, body: Photo.jpeg) }
        wait { harness.waiting == 3 }
        gate.open()
        gate.waitForArrival()
        batch[1].cancel()
        gate.open()
        #expect(blocker.answer().status == 200)
        #expect(batch[0].answer().status == 200)
        #expect(batch[2].answer().status == 200)
        #expect(batch[1].answerSoFar == nil)
    }
}

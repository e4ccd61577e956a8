import Dispatch
import Foundation
import HTTP
import Synchronization
import Testing

@testable import Service

@Suite struct `Service over sockets` {
    private func stable(_ text: String) -> String {
        text.replacing(/"request_id":"[^"]*"/, with: "").replacing(/"timing":\{[^}]*\}/, with: "")
    }

    /// A service whose engine stops at a gate before each batch of images, and its address.
    private func gated(
        drainSeconds: Double = 600, words: Int = 1, neverEndsBeyond: Int = .max
    ) throws -> (Harness, Gate, String) {
        let gate = Gate()
        let model = FakeModel(words: words, neverEndsBeyond: neverEndsBeyond, encodeGate: gate)
        let harness = try Harness(model, isReady: false) {
            $0.drainSeconds = drainSeconds
        }
        gate.open()
        try harness.service.serve(harness.model)
        gate.waitForArrival()
        return (harness, gate, try #require(try harness.service.start().first))
    }

    @Test func `sixteen clients at once get the same bytes as one alone`() throws {
        let harness = try Harness()
        let address = try #require(try harness.service.start().first)
        let forms = [
            Form([("beams", "1")]), Form(image: Photo.other), Form(image: Photo.large), Form(image: Photo.png),
        ]
        let alone = try forms.map { form in
            let client = try LiveClient(address)
            client.send("/v1/caption", form)
            return stable(client.answer().text)
        }
        let answers = Mutex<[[String]]>(Array(repeating: [], count: forms.count))
        DispatchQueue.concurrentPerform(iterations: 16) { number in
            for round in 0..<4 {
                let which = (number + round) % forms.count
                guard let client = try? LiveClient(address) else { continue }
                client.send("/v1/caption", forms[which])
                let text = stable(client.answer().text)
                answers.withLock { $0[which].append(text) }
            }
        }
        for (expected, given) in zip(alone, answers.withLock(\.self)) {
            #expect(given.count == 16)
            #expect(Set(given) == [expected])
        }
        #expect(harness.service.drain())
    }

    @Test func `a client that closes its half and waits gets its answer`() throws {
        let harness = try Harness()
        let address = try #require(try harness.service.start().first)
        let client = try LiveClient(address)
        client.send("/v1/caption", Form())
        client.halfClose()
        #expect(client.answer().status == 200)
        #expect(harness.service.drain())
    }

    @Test func `a client that is gone frees the engine`() throws {
        // A caption that would never end: however late the end of its client is noticed, it is in time.
        let (harness, gate, address) = try gated(words: 30, neverEndsBeyond: 30)
        let client = try LiveClient(address)
        client.send("/v1/caption?max_tokens=31", Form())
        gate.waitForArrival()
        client.reset()
        wait { harness.connectionsAreClosed }
        gate.open()
        wait { harness.hasCancellation }
        #expect(harness.service.drain())
    }

    @Test func `a refused upload still gets its answer`() throws {
        let harness = try Harness { $0.maxBody = 100_000 }
        let address = try #require(try harness.service.start().first)
        let client = try LiveClient(address)
        client.send("POST", "/v1/caption", type: "image/jpeg", body: [UInt8](repeating: 0, count: 4 << 20))
        let answer = client.answer()
        #expect(answer.status == 413)
        #expect(answer.code == "body_too_large")
        #expect(answer.detail.contains("100000"))
        #expect(harness.service.drain())
    }

    @Test func `draining finishes what runs, refuses what is new, and ends`() throws {
        let (harness, gate, address) = try gated()
        let running = try LiveClient(address)
        running.send("/v1/caption", Form())
        gate.waitForArrival()
        let form = Form()
        let ofRunning = harness.service.memory.reserved
        let uploading = try LiveClient(address)
        uploading.send("POST", "/v1/caption", type: form.contentType, body: form.body, upTo: 100)
        wait { harness.service.memory.reserved > ofRunning }

        let finished = Mutex<Bool?>(nil)
        let ended = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            let result = harness.service.drain()
            finished.withLock { $0 = result }
            ended.signal()
        }
        wait { harness.service.state.phase == .draining }
        let late = try LiveClient(address)
        late.send("/v1/caption", Form())
        let refused = late.answer()
        #expect(refused.status == 503)
        #expect(refused.code == "draining")
        #expect(refused.headers["Retry-After"] != nil)
        for (path, status) in [("/health/ready", 503), ("/health/live", 200)] {
            let probe = try LiveClient(address)
            probe.send("GET", path)
            #expect(probe.answer().status == status)
        }

        #expect(finished.withLock(\.self) == nil, "it waits for those that came before")
        uploading.send(rest: form.body.dropFirst(100))
        gate.open(2)
        #expect(running.answer().status == 200)
        #expect(uploading.answer().status == 200)
        ended.wait()
        #expect(finished.withLock(\.self) == true)
    }

    @Test func `a server that leaves is not ready, and serves everything`() throws {
        let harness = try Harness()
        let address = try #require(try harness.service.start().first)
        #expect(harness.service.leave())
        #expect(!harness.service.leave())
        let ready = harness.send("GET", "/health/ready")
        #expect(ready.status == 503)
        #expect(ready.string("reason")?.contains("about to shut down") == true)
        #expect(harness.send("GET", "/health").string("status") == "not ready")
        #expect(harness.send("GET", "/health/startup").status == 200)
        let client = try LiveClient(address)
        client.send("/v1/caption", Form())
        #expect(client.answer().status == 200)
        #expect(harness.service.drain())
        #expect(harness.send(form: "/v1/caption", Form()).code == "draining")
    }

    @Test func `draining gives up on what does not end in time`() throws {
        let (harness, gate, address) = try gated(drainSeconds: 0.05)
        let running = try LiveClient(address)
        running.send("/v1/caption", Form())
        gate.waitForArrival()
        #expect(!harness.service.drain())
        gate.open()
    }
}

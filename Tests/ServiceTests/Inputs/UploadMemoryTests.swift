import Decoders
import HTTP
import Media
import Testing

@testable import Service

/// What uploads cost while they come, and who gives way to whom.
@Suite struct `Memory of uploads` {
    /// Decodes once it is let through.
    private struct Gated: MediaDecoder {
        let gate: Gate

        let confinement: Confinement? = nil

        func image(
            _ bytes: [UInt8], limits: ImageLimits, as renditions: [ImageRendition], for sender: Sender
        ) throws -> [PixelImage] {
            gate.pass()
            return try InProcessDecoder().image(bytes, limits: limits, as: renditions, for: sender)
        }

        func audio(_ bytes: [UInt8], limits: AudioLimits, sampleRate: Int, for sender: Sender) throws -> AudioClip {
            throw DecoderFailure.broke
        }

        func check() {}
    }

    private static let type = [("Content-Type", "image/jpeg")]

    /// A body under way, of which so many bytes have come.
    private func upload(
        _ bytes: Int, of announced: Int?, from address: String, to harness: Harness
    ) -> (exchange: FakeExchange, receiver: (any BodyReceiver)?) {
        let exchange = FakeExchange(peerAddress: address)
        var head = Harness.head("POST", "/v1/caption", Self.type, bodyBytes: announced ?? 1)
        if announced == nil { head.contentLength = nil }
        guard case .deliver(let receiver, _) = harness.service.handler.receive(head, exchange: exchange) else {
            return (exchange, nil)
        }
        if bytes > 0 { [UInt8](repeating: 0, count: bytes).withUnsafeBytes { receiver.receive($0) } }
        return (exchange, receiver)
    }

    @Test func `what is announced costs nothing before it comes`() throws {
        let harness = try Harness { $0.maxMemory = 40 << 20 }
        let slow = (0..<100).map { upload($0 % 2, of: 32 << 20, from: "192.0.2.\($0 % 8)", to: harness) }
        #expect(harness.service.memory.reserved == 50 * (16 << 10))
        #expect(harness.send("POST", "/v1/caption", Self.type, body: Photo.jpeg).status == 200)
        for upload in slow {
            #expect(upload.exchange.answerSoFar == nil)
            upload.receiver?.abort()
        }
        wait { harness.service.memory.reserved == 0 }
    }

    @Test(arguments: [Int?.none, 32 << 20])
    func `bytes are counted as they come, and beyond the budget the upload is refused`(_ announced: Int?) throws {
        let harness = try Harness { $0.maxMemory = 1 << 20 }
        let first = upload(700 << 10, of: announced, from: "192.0.2.1", to: harness)
        #expect(first.exchange.answerSoFar == nil)
        let second = upload(700 << 10, of: announced, from: "192.0.2.1", to: harness)
        let answer = try #require(second.exchange.answerSoFar)
        #expect(answer.status == 503)
        #expect(answer.headers["Retry-After"] != nil)
        #expect(Answer(answer).detail.contains("1MiB"))
        first.receiver?.abort()
        #expect(harness.service.memory.reserved == 0)
    }

    @Test func `an upload under way gives way to a client that has less`() throws {
        let harness = try Harness { $0.maxMemory = 8 << 20 }
        let greedy = (0..<3).map { _ in upload(2 << 20, of: 32 << 20, from: "192.0.2.1", to: harness) }
        let other = upload(2 << 20, of: nil, from: "192.0.2.2", to: harness)
        #expect(other.exchange.answerSoFar == nil)
        #expect(greedy.map { $0.exchange.answerSoFar?.status } == [nil, nil, 503])
        // What still comes of it is no longer wanted.
        [UInt8](repeating: 0, count: 1 << 20).withUnsafeBytes { greedy[2].receiver?.receive($0) }
        #expect(harness.service.memory.reserved <= 8 << 20)
        for upload in greedy + [other] { upload.receiver?.abort() }
        #expect(harness.service.memory.reserved == 0)
    }

    @Test func `an upload that waits for a decoder gives way as well`() throws {
        let gate = Gate()
        let harness = try Harness(decoder: Gated(gate: gate)) {
            $0.maxMemory = 18 << 20
            $0.decoders = 1
        }
        let first = harness.begin("POST", "/v1/caption", Self.type, body: Photo.jpeg)
        gate.waitForArrival()
        // Who has nothing in decoding has a thread besides.
        let second = harness.begin(
            "POST", "/v1/caption", Self.type, body: Photo.jpeg, exchange: FakeExchange(peerAddress: "192.0.2.9"))
        gate.waitForArrival()
        let waiting = (0..<3).map { _ in
            harness.begin(
                "POST", "/v1/caption", Self.type, body: Photo.jpeg + [UInt8](repeating: 0, count: 2 << 20),
                exchange: FakeExchange(peerAddress: "192.0.2.9"))
        }
        wait { harness.service.decoders.waitingCount == 3 }
        let other = upload(3 << 20, of: nil, from: "192.0.2.2", to: harness)
        #expect(other.exchange.answerSoFar == nil)
        #expect(waiting.map { $0.answerSoFar?.status } == [nil, nil, 503])
        gate.open(10)
        #expect([first, second].map { $0.answer().status } == [200, 200])
        #expect(waiting[0].answer().status == 200)
        other.receiver?.abort()
        wait { harness.service.memory.reserved == 0 }
    }

    @Test(arguments: [0, 1, 16 << 10, (16 << 10) + 1, 300_000, 2_000_000])
    func `gathered bytes are those that came, in little more memory than they have`(_ count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        for size in [1000, 65_536, max(1, count)] {
            var gathered = GatheredBytes()
            for start in stride(from: 0, to: count, by: size) {
                bytes[start..<min(start + size, count)].withUnsafeBytes { gathered.append($0) }
                #expect(gathered.capacity <= gathered.count + max(16 << 10, min(gathered.count, 256 << 10)))
            }
            #expect(gathered.count == count)
            let joined = gathered.takeJoined()
            #expect(joined == bytes)
            #expect(gathered.count == 0 && gathered.capacity == 0)
        }
    }
}

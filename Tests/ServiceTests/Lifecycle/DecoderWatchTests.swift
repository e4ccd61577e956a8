import Decoders
import Logging
import Media
import Synchronization
import Testing

@testable import Service

@Suite struct `A server whose decoders` {
    /// Fails as often as it is told to.
    private final class Scripted: MediaDecoder {
        private let failures: Mutex<Int>

        init(failures: Int) { self.failures = Mutex(failures) }

        func fail(_ times: Int) { failures.withLock { $0 = times } }

        func image(
            _ bytes: [UInt8], limits: ImageLimits, as renditions: [ImageRendition], for sender: Sender
        ) throws -> [PixelImage] {
            try check()
            return try InProcessDecoder().image(bytes, limits: limits, as: renditions, for: sender)
        }

        func audio(_ bytes: [UInt8], limits: AudioLimits, sampleRate: Int, for sender: Sender) throws -> AudioClip {
            throw DecoderFailure.broke
        }

        func check() throws(DecoderFailure) {
            let fails = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            if fails { throw .unavailable(.killed(signal: 9)) }
        }

        var confinement: Confinement? { Confinement(seccomp: true, landlock: true, namespaces: false) }
    }

    private func watch(_ decoder: Scripted, _ pauses: Pauses) -> DecoderWatch {
        DecoderWatch(
            decoder, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, pause: { pauses.add($0) })
    }

    /// How long was waited between attempts, each wait held up until it is let go.
    private final class Pauses: Sendable {
        private let all = Mutex<[Duration]>([])
        let gate = Gate()

        func add(_ pause: Duration) {
            all.withLock { $0.append(pause) }
            gate.pass()
        }

        var soFar: [Duration] { all.withLock { $0 } }
    }

    @Test func `do not work at the start is not ready until they do, and asks ever more rarely`() {
        let pauses = Pauses()
        // Once for the start, and three times again.
        let watch = watch(Scripted(failures: 4), pauses)
        watch.begin()
        for _ in 0..<3 {
            pauses.gate.waitForArrival()
            #expect(watch.obstacle?.contains("signal 9") == true)
            pauses.gate.open()
        }
        wait { watch.obstacle == nil }
        #expect(pauses.soFar == [.seconds(1), .seconds(2), .seconds(4)])
    }

    @Test func `fail one upload stays ready where the next would be decoded`() {
        let decoder = Scripted(failures: 0)
        let pauses = Pauses()
        let watch = watch(decoder, pauses)
        watch.begin()
        decoder.fail(1)
        #expect(throws: DecoderFailure.self) {
            try watch.image(
                Photo.jpeg, limits: ImageLimits(), as: [.reduced(least: 8)], for: Sender("a"))
        }
        #expect(watch.obstacle == nil)
        #expect(pauses.soFar.isEmpty)
    }

    @Test func `stop working says so where probes ask`() throws {
        let decoder = Scripted(failures: 0)
        let harness = try Harness(decoder: decoder)
        #expect(harness.send("GET", "/health/ready").status == 200)
        decoder.fail(.max)
        let type = [("Content-Type", "image/jpeg")]
        let refused = harness.send("POST", "/v1/caption", type, body: Photo.jpeg)
        #expect(refused.status == 503 && refused.code == "decoder_unavailable")
        wait { harness.send("GET", "/health/ready").status == 503 }
        #expect(harness.send("GET", "/health").value("sandbox", "namespaces") == .boolean(false))
        #expect(harness.send("GET", "/health").value("sandbox", "seccomp") == .boolean(true))
    }
}

import Decoders
import Media
import Testing

@testable import Service

@Suite struct `Decoders that fail` {
    /// Fails on photos, but for one that it decodes; may be held up at a gate.
    private struct Failing: MediaDecoder {
        var failure: DecoderFailure?
        var gate: Gate?

        func image(
            _ bytes: [UInt8], limits: ImageLimits, as renditions: [ImageRendition], for sender: Sender
        ) throws -> [PixelImage] {
            gate?.pass()
            if let failure, bytes != Photo.other { throw failure }
            return try InProcessDecoder().image(bytes, limits: limits, as: renditions, for: sender)
        }

        func audio(_ bytes: [UInt8], limits: AudioLimits, sampleRate: Int, for sender: Sender) throws -> AudioClip {
            throw failure ?? .broke
        }

        func check() throws(DecoderFailure) {}

        var confinement: Confinement? { nil }
    }

    private let type = [("Content-Type", "image/jpeg")]

    @Test(arguments: [DecoderFailure.tookTooLong(seconds: 10), .broke])
    func `on an upload refuse it and take the next`(failure: DecoderFailure) throws {
        let harness = try Harness(decoder: Failing(failure: failure))
        let answer = harness.send("POST", "/v1/caption", type, body: Photo.jpeg)
        #expect(answer.status == 422 && answer.code == "undecodable_image")
        #expect(answer.detail == failure.description)
        #expect(harness.service.memory.reserved == 0)
        #expect(harness.send("POST", "/v1/caption", type, body: Photo.other).status == 200)
        let metrics = MetricsFormat.prometheus.text(harness.service.metrics.registry.snapshots)
        #expect(metrics.contains("\"\(failure == .broke ? "broke" : "too_slow")\"} 1"))
    }

    @Test func `to start are the server's fault`() throws {
        let harness = try Harness(decoder: Failing(failure: .unavailable(.cannotStart(errno: 11))))
        let answer = harness.send("POST", "/v1/caption", type, body: Photo.jpeg)
        #expect(answer.status == 503 && answer.code == "decoder_unavailable")
        #expect(answer.headers["Retry-After"] == "2")
        #expect(harness.service.memory.reserved == 0)
    }

    @Test func `in time because others had the processors are no fault of the upload, nor of the decoders`() throws {
        let harness = try Harness(decoder: Failing(failure: .unavailable(.keptWaiting(seconds: 40))))
        let answer = harness.send("POST", "/v1/caption", type, body: Photo.jpeg)
        #expect(answer.status == 503 && answer.code == "overloaded")
        #expect(answer.headers["Retry-After"] == "10")
        #expect(harness.send("GET", "/health/ready").status == 200)
    }

    @Test func `to matter to a client that went away while they worked`() throws {
        let gate = Gate()
        let harness = try Harness(decoder: Failing(gate: gate)) { $0.decoders = 1 }
        let gone = harness.begin("POST", "/v1/caption", type, body: Photo.jpeg)
        gate.waitForArrival()
        gone.cancel()
        gate.open(2)
        #expect(harness.send("POST", "/v1/caption", type, body: Photo.jpeg).status == 200)
        wait { harness.service.memory.reserved == 0 }
        #expect(gone.answerSoFar == nil)
    }
}

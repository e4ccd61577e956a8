import Foundation
import Media
import Testing

/// Damages sound files at random, the same way each time. `SENSORIUM_FUZZ_ITERATIONS=1000000` runs longer,
/// `SENSORIUM_FUZZ_SEED=7` elsewhere.
@Suite struct `Damaged sounds` {
    private static let environment = ProcessInfo.processInfo.environment
    private static let iterations = environment["SENSORIUM_FUZZ_ITERATIONS"].flatMap { Int($0) } ?? 3_000
    private static let seed = environment["SENSORIUM_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
    private static let names = [
        "voice.flac", "voice.ogg", "voice.opus", "voice.mp3", "no-xing.mp3", "low-rate.mp3", "speech-8k-alaw.wav",
        "adpcm.wav", "ogg-flac.ogg",
    ]

    @Test func `decode to finite samples within the bound or are refused with a sentence`() throws {
        var corpus = try Self.names.map(AudioFixtures.bytes)
        let data = WAVBytes.chunk("data", WAVBytes.float32(WAVBytes.tone(1_000)))
        corpus.append(WAVBytes.file(WAVBytes.chunk("LIST", [1, 2, 3]), WAVBytes.format(3, bits: 32), data))
        let small = try ["voice.ogg", "voice.opus", "voice.mp3", "low-rate.mp3", "voice.flac"].map(AudioFixtures.bytes)
        let tag = Array("ID3".utf8) + [4, 0, 0, 0, 0, 0, 3, 1, 2, 3]
        corpus += [
            small[0] + small[1] + small[0], small[2] + tag + small[3], small[4] + tag + small[4],
            tag + corpus[corpus.count - 1] + corpus[6], [0, 0, 0] + small[2],
        ]
        let limits = AudioLimits(maxSeconds: 2)
        var mutation = Mutation(seed: Self.seed)
        var decoded = 0
        for _ in 0..<Self.iterations {
            let bytes = mutation.damage(corpus[mutation.below(corpus.count)], from: corpus)
            do throws(MediaError) {
                let header = try AudioDecoder.header(of: bytes, limits: limits)
                let clip = try AudioDecoder.decode(bytes, limits: limits, sampleRate: 16_000)
                decoded += 1
                #expect(clip.samples.count >= 400 && clip.seconds <= limits.maxSeconds + 0.1)
                #expect(clip.samples.allSatisfy { $0.isFinite })
                #expect(
                    clip.samples.count * 4
                        < AudioDecoder.memoryNeeded(for: header, limits: limits, sampleRate: 16_000))
            } catch {
                #expect(!error.code.isEmpty && error.description.hasSuffix("."))
            }
        }
        #expect(decoded > 0, "damage that nothing survives tests little")
    }
}

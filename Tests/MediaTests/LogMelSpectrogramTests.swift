import Media
import Testing

@Suite struct `Log-mel spectrograms` {
    @Test(arguments: ["speech", "click"])
    func `equal those of Whisper's feature extractor`(name: String) throws {
        let samples = try AudioFixtures.floats("\(name).f32")
        let golden = try AudioFixtures.floats("\(name).mel")
        let result = LogMelSpectrogram()(samples[...])
        let difference = result.largestDifference(from: golden)
        #expect(difference < 1e-5, "\(difference)")
        #expect(result.count == LogMelSpectrogram.frames(samples: samples.count) * 80)
    }

    @Test func `of a slice are those of its samples`() throws {
        let samples = try AudioFixtures.floats("speech.f32")
        let spectrogram = LogMelSpectrogram()
        #expect(spectrogram(samples[1_000..<3_000]) == spectrogram(Array(samples[1_000..<3_000])[...]))
    }

    @Test func `of silence and of the shortest clip are finite`() {
        let spectrogram = LogMelSpectrogram()
        let silence = spectrogram([Float](repeating: 0, count: 400)[...])
        // log10(1e-10) is 10 below 1: (-10 + 4) / 4.
        #expect(silence == [Float](repeating: -1.5, count: 160))
        let loud = spectrogram(ArraySlice((0..<401).map { $0 % 2 == 0 ? 65_536 : -65_536 }))
        #expect(loud.allSatisfy { $0.isFinite })
    }
}

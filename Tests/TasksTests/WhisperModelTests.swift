import Checkpoint
import Foundation
import Media
import Networks
import Tensor
import Testing

@testable import Tasks

/// Tests/Fixtures/whisper: small random Whispers, and what transformers writes down with them (make_whisper.py).
@Suite struct `A published Whisper` {
    private struct Golden: Decodable {
        let logits: [Float]
        let cases: [Case]
    }

    private struct Case: Decodable {
        struct Segment: Decodable {
            let start: Double, end: Double
            let tokens: [Int]
            let times: [Double]?
        }

        let seconds: Double
        let seed: Int
        let timestamps: String
        let language: String?, task: String?
        let segments: [Segment]

        var options: TranscriptionOptions {
            TranscriptionOptions(
                language: language, task: task.flatMap(TranscriptionOptions.Task.init),
                timestamps: TranscriptionOptions.Timestamps(rawValue: timestamps) ?? .none)
        }
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/whisper")
    private static let names = ["multilingual", "english"]

    private let golden: [String: Golden]

    init() throws {
        golden = try JSONDecoder().decode(
            [String: Golden].self, from: Data(contentsOf: Self.folder.appending(path: "expected.json")))
    }

    /// Two sines that come and go, as in make_whisper.py.
    private func samples(_ seconds: Double, _ seed: Int) -> [Float] {
        let (low, high) = (Double(150 + 40 * seed), Double(900 + 130 * seed))
        return (0..<Int(seconds * 16_000)).map { index in
            let time = Double(index) / 16_000
            let swell = 0.5 + 0.5 * sin(2 * .pi * (0.7 + 0.2 * Double(seed)) * time)
            return Float(0.3 * swell * sin(2 * .pi * low * time) + 0.1 * (1 - swell) * sin(2 * .pi * high * time))
        }
    }

    private func model(_ name: String) throws -> WhisperModel {
        try WhisperModel.load(Checkpoint(Self.folder.appending(path: name).path), compute: Compute(threads: 2))
    }

    private func start(_ wanted: Case, _ model: WhisperModel) throws -> Transcription {
        guard case .sound(let preparation) = model.input.preparation,
            case .sound(let sound) = preparation.input(of: samples(wanted.seconds, wanted.seed))
        else { throw CancellationError() }
        return try model.start(sound, wanted.options)
    }

    private func expect(_ transcription: Transcription, _ wanted: Case) {
        #expect(transcription.segments.map(\.tokens) == wanted.segments.map(\.tokens), "\(wanted)")
        for (segment, wanted) in zip(transcription.segments, wanted.segments) {
            #expect(abs(segment.start - wanted.start) < 0.006 && abs(segment.end - wanted.end) < 0.006)
            guard let times = wanted.times else { continue }
            #expect(segment.times.count == times.count)
            #expect(zip(segment.times, times).allSatisfy { abs($0 - $1) < 0.011 }, "\(segment.times) \(times)")
        }
    }

    @Test(arguments: names) func `gives the logits of transformers`(_ name: String) throws {
        let checkpoint = try Checkpoint.open(Self.folder.appending(path: name).path)
        let configuration = try WhisperConfiguration(checkpoint)
        let whole = Weights(checkpoint)
        let encoder = WhisperEncoder(
            whole["model.encoder"], configuration.encoder, activation: configuration.activation)
        let decoder = WhisperDecoder(whole["model.decoder"], whole: whole, configuration)
        try whole.finish()
        let padded = samples(1.3, 1) + [Float](repeating: 0, count: 11_200)
        let mel = LogMelSpectrogram(bins: configuration.encoder.melBins).whole(padded)
        let (workspace, pool) = (Workspace(), ComputePool(threads: 2))
        let window = encoder.begin(mel[...])
        while !encoder.advance(window, workspace: workspace, pool: pool) {}
        let memory = decoder.encode(window)
        while !decoder.advance(memory, pool: pool) {}
        let sequence = decoder.begin(memory, capacity: 8)
        let start = configuration.generation.special.start
        _ = decoder.step([.init(sequence, [Int32(start), 20])], workspace: workspace, pool: pool)
        let logits = decoder.step([.init(sequence, [70, 30])], workspace: workspace, pool: pool)
        let wanted = try #require(golden[name]).logits
        let found = UnsafeBufferPointer(start: logits, count: decoder.vocabularySize)
        #expect(found.count == wanted.count)
        #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-3 })
    }

    @Test(arguments: names) func `writes what transformers writes, and when it was said`(_ name: String) throws {
        let model = try model(name)
        for wanted in try #require(golden[name]).cases {
            let transcription = try start(wanted, model)
            while !transcription.isFinished { model.step([transcription]) }
            expect(transcription, wanted)
        }
    }

    @Test(arguments: names) func `writes the same in company`(_ name: String) throws {
        let model = try model(name)
        let cases = try #require(golden[name]).cases
        let transcriptions = try cases.map { try start($0, model) }
        while transcriptions.contains(where: { !$0.isFinished }) {
            model.step(transcriptions.filter { !$0.isFinished })
        }
        for (transcription, wanted) in zip(transcriptions, cases) { expect(transcription, wanted) }
    }

    @Test(arguments: names) func `invents nothing where nothing is heard`(_ name: String) throws {
        let model = try model(name)
        guard case .sound(let preparation) = model.input.preparation,
            case .sound(let sound) = preparation.input(of: [Float](repeating: 0, count: 5 * 16_000))
        else { throw CancellationError() }
        let transcription = try model.start(sound, TranscriptionOptions(timestamps: .word))
        while !transcription.isFinished { model.step([transcription]) }
        #expect(model.transcript(of: transcription).text.isEmpty)
    }

    @Test func `refuses what it cannot do in words`() throws {
        let (english, multilingual) = try (model("english"), model("multilingual"))
        #expect(throws: TaskError.self) { try english.validate(TranscriptionOptions(language: "de")) }
        #expect(throws: TaskError.self) { try english.validate(TranscriptionOptions(task: .translate)) }
        // What it does anyway.
        for language in ["en", "English"] {
            try english.validate(TranscriptionOptions(language: language, task: .transcribe))
        }
        #expect(throws: TaskError.self) { try multilingual.validate(TranscriptionOptions(language: "welsh")) }
        try multilingual.validate(TranscriptionOptions(language: "German", task: .translate, timestamps: .word))
    }
}

import Checkpoint
import Foundation
import Testing

@testable import Tasks

/// Tests/Fixtures/speech: small random wav2vec 2.0s, HuBERTs and WavLMs, and what transformers makes of sounds with them (make_speech.py).
@Suite struct `Published models of speech` {
    private struct Golden: Decodable {
        let cases: [Case]
    }

    private struct Case: Decodable {
        let seconds: Double
        let seed: Int
        let logits: Logits?
        let scores: [String: Float]?
        let text: String?
        let words: [Word]?
    }

    /// Of labels, or of the letters of every 29th frame.
    private enum Logits: Decodable {
        case labels([Float]), letters([[Float]])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let letters = try? container.decode([[Float]].self) {
                self = .letters(letters)
            } else {
                self = .labels(try container.decode([Float].self))
            }
        }
    }

    private struct Word: Decodable {
        let text: String
        let start: Double, end: Double

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            text = try container.decode(String.self)
            start = try container.decode(Double.self)
            end = try container.decode(Double.self)
        }
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/speech")

    private let golden: [String: Golden]

    init() throws {
        golden = try JSONDecoder().decode(
            [String: Golden].self, from: Data(contentsOf: Self.folder.appending(path: "golden.json")))
    }

    /// Two sines that come and go, as in make_speech.py.
    private func samples(_ wanted: Case) -> [Float] {
        let (low, high) = (Double(150 + 40 * wanted.seed), Double(900 + 130 * wanted.seed))
        return (0..<Int(wanted.seconds * 16_000)).map { index in
            let time = Double(index) / 16_000
            let swell = 0.5 + 0.5 * sin(2 * .pi * (0.7 + 0.2 * Double(wanted.seed)) * time)
            return Float(
                0.02 + 0.3 * swell * sin(2 * .pi * low * time) + 0.1 * (1 - swell) * sin(2 * .pi * high * time))
        }
    }

    private func load<Found: Model>(_ name: String, as type: Found.Type, threads: Int = 2) throws -> Found {
        let folder = Self.folder.appending(path: name).path
        return try #require(try Families.load(folder, compute: Compute(threads: threads)) as? Found)
    }

    private func distance(_ found: some Sequence<Float>, _ wanted: [Float]) -> Float {
        zip(found, wanted).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }

    @Test(arguments: ["wav2vec2-labels", "hubert-labels", "hubert-batch-norm", "wavlm-labels"])
    func `sounds have the logits and scores of transformers`(_ name: String) throws {
        let model = try load(name, as: SpeechClassifierModel.self)
        for wanted in try #require(golden[name]).cases {
            guard case .labels(let right)? = wanted.logits else { throw CancellationError() }
            let logits = model.logits(samples(wanted))
            #expect(logits.count == right.count && distance(logits, right) < 1e-3, "\(logits) \(right)")
            let scores = Dictionary(zip(model.labels, model.scores(logits))) { first, _ in first }
            for (label, score) in try #require(wanted.scores) { #expect(abs((scores[label] ?? -1) - score) < 1e-4) }
        }
    }

    private static let writers = ["wav2vec2-letters", "wav2vec2-adapters", "hubert-letters", "wavlm-letters"]

    @Test(arguments: writers) func `speech has the logits, the text and the words of transformers`(
        _ name: String
    ) throws {
        let model = try load(name, as: SpeechWriterModel.self)
        for wanted in try #require(golden[name]).cases {
            let samples = samples(wanted)
            if case .letters(let right)? = wanted.logits {
                let logits = model.logits(samples)
                for (row, right) in right.enumerated() {
                    #expect(distance(logits[(row * 29 * right.count)...], right) < 1e-3, "\(name), frame \(row * 29)")
                }
            }
            let (transcript, told) = write(samples, model)
            #expect(transcript.text == wanted.text)
            #expect(told == transcript.text)
            let words = try #require(wanted.words)
            let found = try #require(transcript.words)
            #expect(found.map(\.text) == words.map { name == "hubert-letters" ? $0.text.lowercased() : $0.text })
            #expect(zip(found, words).allSatisfy { abs($0.start - $1.start) < 1e-6 && abs($0.end - $1.end) < 1e-6 })
            #expect(transcript.segments?.first?.start == found.first?.start)
            #expect(transcript.segments?.map(\.text).joined(separator: " ") == found.map(\.text).joined(separator: " "))
        }
    }

    /// A transcript with words, and what was told on the way.
    private func write(_ samples: [Float], _ model: SpeechWriterModel) -> (Transcript, String) {
        let writing = model.start(samples, TranscriptionOptions(timestamps: .word))
        var told = ""
        while true {
            model.step([writing])
            let progress = model.progress(of: writing)
            told += progress.newText
            if case .transcript(let transcript)? = progress.result { return (transcript, told) }
        }
    }

    @Test func `an answer depends neither on its company nor on the number of threads`() throws {
        let (one, two) = (
            try load("wavlm-letters", as: SpeechWriterModel.self, threads: 1),
            try load("wavlm-letters", as: SpeechWriterModel.self)
        )
        let cases = try #require(golden["wavlm-letters"]).cases.map(samples)
        #expect(cases.map { one.logits($0) } == cases.map { two.logits($0) })
        let writings = cases.map { two.start($0, TranscriptionOptions()) }
        while writings.contains(where: { !$0.pieces.isEmpty }) { two.step(writings) }
        for (writing, samples) in zip(writings, cases) {
            let alone = one.start(samples, TranscriptionOptions())
            while !alone.pieces.isEmpty { one.step([alone]) }
            #expect(writing.letters == alone.letters)
        }
        let labels = try load("hubert-labels", as: SpeechClassifierModel.self, threads: 1)
        let more = try load("hubert-labels", as: SpeechClassifierModel.self, threads: 3)
        #expect(cases.map { labels.logits($0) } == cases.map { more.logits($0) })
    }

    @Test func `what a configuration leaves out is what the reference takes for it`() throws {
        let folder = try emptyFolder(#"{"model_type": "hubert", "architectures": ["HubertForCTC"]}"#)
        defer { try? FileManager.default.removeItem(at: folder) }
        let found = try SpeechConfiguration(Checkpoint(folder.path), .hubert)
        #expect(found.head == .letters(32))
        #expect(found.hiddenSize == 768 && found.layers == 12 && found.attentionHeads == 12)
        #expect(found.intermediateSize == 3072 && found.activation == .gelu && found.layerNormEpsilon == 1e-5)
        #expect(!found.isStable && found.normalizesFrames && !found.positionsHaveBatchNorm && found.adapterSize == nil)
        #expect(found.positionTaps == 128 && found.positionGroups == 16)
        #expect(!found.features.hasLayerNorms && !found.features.hasBias && found.features.activation == .gelu)
        #expect(found.features.layers.map(\.channels) == [512, 512, 512, 512, 512, 512, 512])
        #expect(found.features.layers.map(\.taps) == [10, 3, 3, 3, 3, 2, 2])
        #expect(found.samplesPerFrame == 320 && found.samplesOfFrame == 400)
        #expect(found.sampleRate == 16_000 && found.normalizesClips)
        let wavlm = try emptyFolder(#"{"architectures": ["WavLMForSequenceClassification"]}"#)
        defer { try? FileManager.default.removeItem(at: wavlm) }
        let other = try SpeechConfiguration(Checkpoint(wavlm.path), .wavlm)
        #expect(other.distanceBuckets == 320 && other.farthestDistance == 800)
        guard case .classifier(let head) = other.head else { throw CancellationError() }
        #expect(head.labels == ["LABEL_0", "LABEL_1"] && head.scores == .softmax)
        #expect(head.projectionSize == 256 && !head.sumsLayers)
    }

    @Test(arguments: [
        (#"["Wav2Vec2Model"]"#, "", "…ForCTC"), (#"["Wav2Vec2ForCTC"]"#, #", "add_adapter": true"#, "add_adapter"),
        (#"["Wav2Vec2ForCTC"]"#, #", "conv_dim": [512, 512]"#, "conv_stride"),
        (#"["Wav2Vec2ForCTC"]"#, #", "num_conv_pos_embedding_groups": 7"#, "num_conv_pos_embedding_groups"),
        (#"["Wav2Vec2ForCTC"]"#, #", "feat_extract_norm": "batch""#, "feat_extract_norm"),
    ]) func `what this build cannot compute is refused by name`(
        _ architectures: String, _ more: String, _ named: String
    ) throws {
        let folder = try emptyFolder(#"{"model_type": "wav2vec2", "architectures": \#(architectures)\#(more)}"#)
        defer { try? FileManager.default.removeItem(at: folder) }
        let error = #expect(throws: CheckpointError.self) {
            try SpeechConfiguration(Checkpoint(folder.path), .wav2vec2)
        }
        #expect(error?.description.contains(named) == true, "\(error.map(\.description) ?? "")")
    }

    private func emptyFolder(_ configuration: String) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sensorium-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try configuration.write(to: folder.appending(path: "config.json"), atomically: true, encoding: .utf8)
        // A file of no tensors.
        try Data([8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8)).write(
            to: folder.appending(path: "model.safetensors"))
        return folder
    }

    @Test func `a long sound is cut as the pipeline of transformers cuts it`() {
        let cut = SpeechCut(sampleRate: 16_000, samplesPerFrame: 320)
        #expect(cut.pieces(of: 480_000) == [.init(samples: 0..<480_000, frames: 0..<1500)])
        #expect(
            cut.pieces(of: 600_000) == [
                .init(samples: 0..<480_000, frames: 0..<1250), .init(samples: 320_000..<600_000, frames: 250..<875),
            ])
    }
}

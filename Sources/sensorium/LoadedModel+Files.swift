import Foundation
import Media
import Retrieval
import Tasks
import Terminal
import Tokenizer

extension LoadedModel {
    /// The head of a task, or a failure that says what the model can do.
    func head(of task: String) throws(CommandFailure) -> HeadDescription {
        if let head = heads.first(where: { $0.task == task }) { return head }
        throw .failed("The model \(name) has no head for \(task); it can do \(tasks.joined(separator: ", ")).")
    }

    /// Files and texts as the towers of a head take them, by part.
    /// - Parameters:
    ///   - contents: of files that were read already.
    ///   - mayLackFace: whether a photo without a face is left out.
    func inputs(
        of head: HeadDescription, files: [String: String], contents: [String: [UInt8]] = [:], texts: [String: String],
        looksForFaces: Bool = true, mayLackFace: Bool = false
    ) throws -> [(input: HeadInput, value: TowerInput)] {
        if let foreign = (Array(files.keys) + Array(texts.keys)).sorted().first(where: { part in
            !head.inputs.contains { $0.part == part }
        }) {
            let known = head.inputs.map(\.part).joined(separator: ", ")
            throw CommandFailure.failed("The head \(head.name) of \(name) does not take \(foreign); it takes \(known).")
        }
        return try head.inputs.compactMap { input in
            if let text = texts[input.part] { return wordPieces(text).map { (input, .text($0)) } }
            guard let path = files[input.part] else { return nil }
            do {
                return (input, try self.input(ofFile: path, contents[input.part], for: input, looksForFaces))
            } catch is NoFace {
                if mayLackFace { return nil }
                throw CommandFailure.failed("No face was found in \(path); say --whole-image if it is one.")
            }
        }
    }

    /// A text as text towers read it, nil without one. An answer is about what is read of it: what is cut is said beside it.
    func wordPieces(_ text: String) -> WordPieceTokenizer.Encoding? {
        guard let encoding = encode(text) else { return nil }
        if encoding.truncated {
            StandardError.write(
                "sensorium: The text has \(encoding.totalTokens) word pieces, of which \(name) reads the first "
                    + "\(encoding.ids.count).")
        }
        return encoding
    }

    /// A file as the tower that reads a part takes it; `NoFace` where one was looked for in vain.
    /// - Parameter contents: the bytes, where they were read already.
    func input(
        ofFile path: String, _ contents: [UInt8]? = nil, for input: HeadInput, _ looksForFaces: Bool = true
    ) throws -> TowerInput {
        let bytes = try contents ?? InputFile.read(path)
        // An answer is about what is heard of a sound: what is not is said beside it.
        if input.kind == .audio { SoundGaps(of: bytes)?.say(of: path) }
        return try self.input(bytes, for: input, looksForFaces: looksForFaces)
    }

    /// No face was found in a file.
    private struct NoFace: Error {}

    /// The bytes of a file as the tower that reads a part takes them.
    func input(_ bytes: [UInt8], for input: HeadInput, looksForFaces: Bool = true) throws -> TowerInput {
        switch input.kind {
        case .audio:
            guard let audioInput else { throw CommandFailure.failed("The model \(name) has no audio tower.") }
            let clip = try AudioDecoder.decode(
                bytes, limits: AudioLimits(maxBytes: .max), sampleRate: audioInput.sampleRate)
            return .mel(audioInput.windows(of: clip.samples))
        case .image, .page: return .pixels(try pixels(of: bytes))
        case .face:
            let image = try ImageDecoder.decode(bytes, limits: ImageLimits(maxBytes: .max))
            let faces = looksForFaces ? faces(in: image) : nil
            let largest = faces?.max { $0.crop.width < $1.crop.width }
            guard largest != nil || faces == nil else { throw NoFace() }
            return .pixels(pixels(of: image, tower: input.tower, part: largest?.crop))
        case .features(let width, let maxTokens):
            let array = try NumPyArray(bytes, columns: width, maxRows: maxTokens)
            return .features(tokens: array.rows, values: array.values)
        case .text: throw CommandFailure.failed("The part \(input.part) is a text and not a file.")
        }
    }

    /// What a head says about one set of parts.
    func classification(
        by head: HeadDescription, of inputs: [(input: HeadInput, value: TowerInput)]
    ) throws -> Classification {
        let tokens = encode(inputs.map { ($0.input.tower, $0.value) })
        let parts = Dictionary(uniqueKeysWithValues: zip(inputs.map(\.input.part), tokens))
        guard let answer = try classify(head: head.name, [parts], explain: [false]).first else {
            throw CommandFailure.failed("The head \(head.name) gave no answer.")
        }
        return answer
    }
}

extension HeadDescription {
    /// The labels with their probabilities, best first.
    func ranked(_ probabilities: [Float]) -> [(label: String, probability: Double)] {
        Self.ranked(labels, probabilities)
    }

    /// The same with an answer that was read in the picture, which is the likeliest.
    func ranked(_ probabilities: [Float], behind read: ReadAnswer?) -> [(label: String, probability: Double)] {
        guard let (labels, probabilities) = read?.before(labels, probabilities) else { return ranked(probabilities) }
        return Self.ranked(labels, probabilities)
    }

    private static func ranked(_ labels: [String], _ probabilities: [Float]) -> [(label: String, probability: Double)] {
        zip(labels, probabilities).sorted { $0.1 > $1.1 }.map { ($0, Double($1)) }
    }
}

/// A probability in a column of percent: ` 61.2 %`.
func percent(_ probability: Double) -> String {
    let tenths = String(format: "%.1f", probability * 100)
    return String(repeating: " ", count: max(0, 5 - tenths.count)) + tenths + " %"
}

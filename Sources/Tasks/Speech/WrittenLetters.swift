import Checkpoint

/// The letters of frames put together to a text, as transformers' `Wav2Vec2CTCTokenizer` decodes them: runs of one letter count once, blanks
/// between two not at all.
struct WrittenLetters {
    /// A word, and the frames from its first letter to its last.
    struct Word: Equatable {
        var text: String
        var frames: Range<Int>
    }

    /// The text, without white space at either end.
    let text: String
    /// Its words.
    let words: [Word]

    /// - Parameter ids: of each frame's letter.
    init(_ ids: [Int], _ vocabulary: LetterVocabulary) {
        var runs: [Word] = []
        for (frame, id) in ids.enumerated() {
            // What stands for the same letter is the same, whatever its id.
            let letter = vocabulary.letters[id] ?? vocabulary.unknown
            if runs.last?.text == letter {
                runs[runs.count - 1].frames = runs[runs.count - 1].frames.lowerBound..<frame + 1
            } else {
                runs.append(Word(text: letter, frames: frame..<frame + 1))
            }
        }
        let letters = runs.filter { $0.text != vocabulary.blank }.map { run in
            Word(text: run.text == vocabulary.delimiter ? vocabulary.delimiterText : run.text, frames: run.frames)
        }
        func written(_ text: String) -> String { vocabulary.lowercases ? text.lowercased() : text }
        let whole = written(letters.map(\.text).joined().trimmed)
        text = vocabulary.cleansUp ? Self.cleansed(whole) : whole
        var words: [Word] = []
        var isWithin = false
        for letter in letters {
            if letter.text == vocabulary.delimiterText {
                isWithin = false
            } else if isWithin {
                words[words.count - 1].text += written(letter.text)
                words[words.count - 1].frames = words[words.count - 1].frames.lowerBound..<letter.frames.upperBound
            } else {
                words.append(Word(text: written(letter.text), frames: letter.frames))
                isWithin = true
            }
        }
        self.words = words
    }

    /// `clean_up_tokenization` of the reference.
    private static func cleansed(_ text: String) -> String {
        let changes = [
            (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
            (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
        ]
        return changes.reduce(text) { $0.replacing($1.0, with: $1.1) }
    }
}

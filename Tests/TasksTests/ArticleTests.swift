import Foundation
import Testing
import Tokenizer

@testable import Tasks

@Suite struct ArticleTests {
    @Test(arguments: [
        "elephant", "apple", "Owl", "umbrella", "unusual", "hour", "hourglass", "uninhabited", "suv", "orange",
    ])
    func `an is put before the sound of a vowel`(_ word: String) {
        #expect(Article.isAn(before: word) == true)
    }

    @Test(arguments: [
        "lion", "unicycle", "uniform", "one", "used", "utility", "European", "horse", "hot", "yak", "ukulele",
    ])
    func `a is put before the sound of a consonant`(_ word: String) {
        #expect(Article.isAn(before: word) == false)
    }

    @Test(arguments: ["un", "", "27", "##s", ",", "ñandú", "слон"])
    func `of anything else nothing is known`(_ word: String) {
        #expect(Article.isAn(before: word) == nil)
    }

    /// "[CLS]", "[SEP]", "a", "an", "elephant", "lion", "un", ".", "sits"
    private func vocabulary() throws -> CaptionVocabulary {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try CaptionVocabulary(
            [101, 102, 1037, 2019, 10777, 7006, 4895, 1012, 7719], beginToken: 0, endToken: 1,
            tokenizer: try Tokenizer(
                contentsOf: folder.appending(path: "models/sensorium-base/tokenizer.json").path))
    }

    @Test func `a caption's articles agree with what follows, but for those that were given`() throws {
        let vocabulary = try vocabulary()
        #expect(vocabulary.text(of: vocabulary.agreeing([2, 4, 8], given: 0)) == "an elephant sits")
        #expect(vocabulary.text(of: vocabulary.agreeing([3, 5, 8, 2, 4], given: 0)) == "a lion sits an elephant")
        #expect(vocabulary.agreeing([2, 4, 2, 4], given: 1) == [2, 4, 3, 4])
        // Before a stop, at the end, and before what may be read either way it stays.
        for tokens: [Int32] in [[2, 7], [3, 7], [8, 2], [2, 6], [3, 6], [4]] {
            #expect(vocabulary.agreeing(tokens, given: 0) == tokens)
        }
    }
}

import Networks
import Testing

@testable import Tasks

@Suite struct AltTextTests {
    private func alt(
        _ caption: String, _ confidence: Double? = 0.8, things: [(String, Float)] = [], words: [String] = [],
        faces: [Float] = []
    ) -> AltText? {
        var page = ReadPage(left: 0)
        let box = TextBox(corners: [SIMD2(0, 0), SIMD2(9, 0), SIMD2(9, 9), SIMD2(0, 9)])
        page.add(words.map { ReadText(text: $0, confidence: 0.95) }, of: words.map { _ in box }[...])
        let facts = AltText.Facts(
            caption: caption, confidence: confidence.map { Confidence(value: $0) },
            things: things.map { NamedThing(name: $0, likelihood: $1) }, page: page, faces: faces)
        return AltText(facts, least: 0.5)
    }

    private func sentence(
        _ caption: String, _ confidence: Double? = 0.8, things: [(String, Float)] = [], words: [String] = [],
        faces: [Float] = []
    ) -> String? { alt(caption, confidence, things: things, words: words, faces: faces)?.sentence }

    @Test(arguments: [
        ("a dog is running on the grass", "A dog is running on the grass."),
        ("a young boy and his dog", "A person and their dog."),
        ("an old man in a red hat is sitting on a bench", "A person in a red hat is sitting on a bench."),
        ("two little girls are playing", "Two people are playing."),
        ("a man and a woman are sitting on a sofa", "Two people are sitting on a sofa."),
        ("a young dog with an old ball", "A young dog with an old ball."),
        ("a baby elephant", "A baby elephant."), ("a baby is sleeping", "A person is sleeping."),
    ])
    func `a sure caption is a sentence that says no sex and no age of people`(_ caption: String, _ expected: String) {
        #expect(sentence(caption) == expected)
    }

    @Test func `words in the picture are quoted, long ones in part`() {
        #expect(
            sentence("a sign on a street", words: ["STOP", "ALL WAY"])
                == "A sign on a street, with the words “STOP ALL WAY”.")
        let long = sentence("a page", words: [String(repeating: "word ", count: 100)])
        #expect(long?.hasSuffix("word …”.") == true && (long?.count ?? 0) < 160)
    }

    @Test func `what is not sure is left out, and what is seen is said instead`() {
        let things: [(String, Float)] = [("elephant", 0.9), ("zebra", 0.85), ("dog", 0.6)]
        #expect(sentence("a dog is on a boat", 0.2, things: things) == "A picture of an elephant and a zebra.")
        #expect(sentence("a dog is on a boat", 0.2, faces: [0.95]) == "A picture of a person.")
        #expect(
            sentence("a dog", 0.2, things: [("lion", 0.87)], words: ["ZOO"], faces: [0.95, 0.93, 0.92, 0.6])
                == "A picture of a lion, three people and the words “ZOO”.")
    }

    @Test func `of a picture of nothing nothing is said`() {
        #expect(sentence("a blue sky is flying in the sky", 0.2, things: [("knife", 0.04)]) == nil)
        #expect(sentence("a group of people", 0.1, things: [("mat", 0.55)], faces: [0.7]) == nil)
    }

    @Test func `a sentence is as sure as the least sure of what it says`() {
        #expect(alt("a dog", 0.8)?.confidence?.value == 0.8)
        let seen = alt("a dog", 0.2, things: [("lion", 0.9), ("tiger", 0.875)], words: ["ZOO"])
        #expect(seen?.confidence?.value == 0.875)
    }

    @Test func `a model that does not say how sure it is, is believed`() {
        #expect(sentence("a dog", nil) == "A dog.")
    }
}

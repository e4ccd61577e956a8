/// "a" or "an", as English has it: by the sound that the next word begins with.
enum Article {
    /// Written with a vowel, spoken as "you" or "w".
    private static let spokenWithConsonant = [
        "uni", "use", "usu", "uti", "ute", "ura", "uku", "ubi", "eu", "ewe", "one", "once", "ouija",
    ]
    /// Of those, what is "un" before another word.
    private static let negated = ["unin", "unid", "unim"]
    /// Written with a consonant that is not spoken, or named by a letter whose name begins with a vowel.
    private static let spokenWithVowel = ["hour", "honest", "honor", "honour", "heir", "suv", "mri", "xray", "x-ray"]

    /// Whether a word, or what begins one, takes "an"; nil for what does not tell: "un" begins "unicycle" and "unlit", and of what
    /// does not begin with a letter of English nothing is known.
    static func isAn(before word: some StringProtocol) -> Bool? {
        let word = word.lowercased()
        guard let first = word.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first), word != "un"
        else { return nil }
        func begins(_ beginnings: [String]) -> Bool { beginnings.contains { word.hasPrefix($0) } }
        if begins(spokenWithVowel) { return true }
        if begins(spokenWithConsonant) { return begins(negated) }
        return "aeiou".utf8.contains(first)
    }
}

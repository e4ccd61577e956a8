"""a or an, as English has it: by the sound that the next word begins with. The server has the same rule (Sources/Tasks/Article.swift)."""

SPOKEN_WITH_CONSONANT = ("uni", "use", "usu", "uti", "ute", "ura", "uku", "ubi", "eu", "ewe", "one", "once", "ouija")
NEGATED = ("unin", "unid", "unim")
SPOKEN_WITH_VOWEL = ("hour", "honest", "honor", "honour", "heir", "suv", "mri", "xray", "x-ray")


def article(word: str) -> str:
    """What stands before a word, or before the first of several."""
    word = word.lower()
    if word.startswith(SPOKEN_WITH_VOWEL):
        return "an"
    if word.startswith(SPOKEN_WITH_CONSONANT):
        return "an" if word.startswith(NEGATED) else "a"
    return "an" if word[:1] in ("a", "e", "i", "o", "u") else "a"


def agreeing(caption: str) -> str:
    """A caption with its articles as the words behind them want them, as the server writes it."""
    words = caption.split(" ")
    for place in range(len(words) - 1):
        if words[place] in ("a", "an") and words[place + 1][:1].isalpha():
            words[place] = article(words[place + 1])
    return " ".join(words)

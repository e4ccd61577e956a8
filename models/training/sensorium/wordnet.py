"""WordNet's nouns and what stands above them (Miller 1995), from the file `data.noun` of Debian's wordnet-base."""

from pathlib import Path

# Nouns under which things are alike enough for one to take another's place in a caption.
GROUPS = (
    "animal", "vehicle", "food", "fruit", "vegetable", "beverage", "furniture", "musical instrument", "clothing", "footwear", "headdress", "weapon",
    "ball", "sports equipment", "container", "appliance", "machine", "timepiece", "building", "structure", "geological formation", "flower",
    "plant", "fungus", "person", "device", "instrumentality", "covering",
)


# Nouns that say something to somebody who is no zoologist and no philosopher.
PLAIN = {
    "animal", "mammal", "dog", "spaniel", "terrier", "hound", "retriever", "poodle", "cat", "big cat", "wild dog", "wolf", "fox", "bear", "monkey", "ape",
    "rodent", "marsupial", "antelope", "swine", "bird", "parrot", "finch", "bird of prey", "waterfowl", "seabird", "wading bird", "grouse", "heron", "fish", "shark",
    "reptile", "snake", "lizard", "turtle", "amphibian", "frog", "salamander", "insect", "butterfly", "beetle", "spider", "crab", "crustacean", "mollusk", "arachnid",
    "whale", "rabbit", "vehicle", "car", "truck", "bus", "van", "boat", "ship", "aircraft", "airplane", "bicycle", "cart", "train", "food", "fruit", "vegetable", "squash",
    "beverage", "bread", "dessert", "dish", "sauce", "musical instrument", "wind instrument", "stringed instrument", "percussion instrument", "guitar", "piano",
    "clothing", "hat", "shoe", "footwear", "swimsuit", "skirt", "coat", "necktie", "furniture", "chair", "table", "bed", "building", "shop", "place of worship", "bridge",
    "tool", "hand tool", "kitchen utensil", "appliance", "computer", "clock", "timepiece", "telephone", "container", "bag", "bottle", "box", "pot", "weapon", "gun", "lamp",
    "machine", "ball", "sports equipment", "fence", "roof", "plant", "flower", "fungus", "mountain", "person", "wheel", "pen", "armor", "helmet", "optical instrument",
}


# Those with a plainer name.
PLAINER = {"edible fruit": "fruit", "domestic cat": "cat", "game equipment": "sports equipment"}


class WordNet:
    def __init__(self, folder: Path):
        self.words: dict[str, list[str]] = {}
        self.above: dict[str, list[str]] = {}
        for line in (folder / "data.noun").read_text().splitlines():
            if line.startswith("  "):
                continue  # the licence
            fields = line.split(" | ")[0].split()
            count = int(fields[3], 16)
            self.words[fields[0]] = [word.replace("_", " ") for word in fields[4 : 4 + 2 * count : 2]]
            pointers = fields[5 + 2 * count :]
            self.above[fields[0]] = [
                offset for kind, offset, speech, _ in zip(*[iter(pointers[: len(pointers) // 4 * 4])] * 4) if kind in ("@", "@i") and speech == "n"
            ]

    def chain(self, synset: str) -> list[list[str]]:
        """Words for a kind ("n02129165") and for what stands above it, by the first way up."""
        offset, found = synset.removeprefix("n"), []
        while True:
            found.append(self.words[offset])
            if not self.above[offset]:
                return found
            offset = self.above[offset][0]

    def plain_above(self, synset: str) -> list[str]:
        """The plain nouns above a kind, the nearest first."""
        ways = [[PLAINER.get(word, word) for word in words] for words in self.chain(synset)[1:]]
        found = [next((word for word in words if word in PLAIN), None) for words in ways]
        return list(dict.fromkeys(word for word in found if word is not None))

    def group(self, synset: str) -> str | None:
        """The nearest of `GROUPS` above a kind."""
        return next((word for words in self.chain(synset) for word in words if word in GROUPS), None)

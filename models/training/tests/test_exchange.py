"""Names in captions, and their exchange for others."""

import unittest

import numpy as np

from ..sensorium.exchange import Exchange, exchange, plural
from ..sensorium.names import Names, Seen, numbers, things_of


class SmallWordNet:
    def group(self, synset: str) -> str | None:
        return {"n1": "animal", "n2": "animal", "n3": "vehicle", "n4": "animal"}.get(synset)


class ExchangeTest(unittest.TestCase):
    def setUp(self):
        self.names = Names(["Otter", "lion", "ambulance", "wolf"], table=self.empty_table())
        self.rules = Exchange(self.names, SmallWordNet(), ["n1", "n2", "n3", "n4"])
        self.number = {name: index for index, name in enumerate(self.names.all)}

    def empty_table(self):
        import tempfile
        from pathlib import Path

        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        (Path(folder.name) / "table").write_text("# nothing\n")
        return Path(folder.name) / "table"

    def test_a_caption_says_another_name_with_its_article_and_number(self):
        told = self.rules.exchanged("a lion and two lions see a lionfish", self.number["lion"], self.number["otter"])
        self.assertEqual(told, "an otter and two otters see a lionfish")

    def test_plurals(self):
        self.assertEqual([plural(name) for name in ("fox", "fly", "sheep", "fire truck", "glass")], ["foxes", "flies", "sheep", "fire trucks", "glasses"])

    def test_a_name_is_exchanged_for_a_sibling_in_what_was_seen_and_in_what_is_said(self):
        lion, otter, wolf = (self.number[name] for name in ("lion", "otter", "wolf"))
        seen = Seen(np.array([[lion, self.number["ambulance"]]]), np.array([[[0.8, 0.9], [0.1, 0.1]]]))
        names, captions = exchange(seen, 0, ["a lion by an ambulance"], self.rules, 0.5, np.random.default_rng(0))
        self.assertIn(names[0], (otter, wolf))
        self.assertEqual(names[1], self.number["ambulance"])
        self.assertEqual(self.rules.said(captions[0]), set(names))

    def test_what_no_caption_names_stays(self):
        seen = Seen(np.array([[self.number["lion"]]]), np.array([[[0.8, 0.9]]]))
        self.assertEqual(exchange(seen, 0, ["grass"], self.rules, 0.5, np.random.default_rng(0)), ([self.number["lion"]], ["grass"]))

    def test_numbers_of_kinds(self):
        self.assertEqual(numbers("3 7-9 12"), [3, 7, 8, 9, 12])

    def test_a_batch_has_the_pieces_of_each_photo_and_fills_up(self):
        things = things_of([[1], []], [[(0.5, 0.6)], []], [[4], [7, 8]])
        self.assertEqual(things.pieces[0].tolist(), [7, 8])
        self.assertEqual(things.places[0].tolist(), [0, 1])
        self.assertEqual(things.there.tolist(), [[True, True], [False, False]])


if __name__ == "__main__":
    unittest.main()

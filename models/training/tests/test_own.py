"""A head of one's own: its checkpoint has a name of its own, and the towers that it was trained on, or is refused."""

import json
import tempfile
import unittest
from pathlib import Path

import torch
from safetensors.torch import save_file

from ..sensorium.checkpoint import extend, tower_digest
from ..sensorium.component import save_component

HEAD = {
    "type": "classifier", "labels": ["a", "b"], "inputs": {"image": {"tower": "image"}},
    "fusion": {"type": "concat"}, "required": ["image"],
}


class OwnHead(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name)
        self.base = self.work / "base"
        self.base.mkdir()
        self.tensors = {"image.weight": torch.ones(3, dtype=torch.float16), "text.weight": torch.zeros(2, dtype=torch.float16)}
        save_file(self.tensors, self.base / "model-00001-of-00001.safetensors")
        config = {"model_type": "sensorium", "name": "sensorium-base", "towers": {"image": {}, "text": {}}, "heads": {}}
        (self.base / "config.json").write_text(json.dumps(config))
        (self.base / "tokenizer.json").write_text("{}")

    def export(self, tower: torch.Tensor, card: str | None = None) -> Path:
        digests = {name: tower_digest(self.tensors | {"image.weight": tower}, name) for name in ("image", "text")}
        save_component(self.work, "memes", "head", HEAD, {"weight": torch.ones(1)}, towers=digests)
        extend(self.base, self.work / "mine", {"memes": self.work / "components" / "memes"}, card, "mine")
        return self.work / "mine"

    def test_the_checkpoint_has_its_own_name_and_card(self) -> None:
        folder = self.export(self.tensors["image.weight"])
        config = json.loads((folder / "config.json").read_text())
        self.assertEqual(config["name"], "mine")
        self.assertEqual(config["heads"]["memes"], HEAD)
        card = (folder / "README.md").read_text()
        self.assertIn("# mine", card)
        self.assertIn("- `memes`: head of type classifier, from image, to a, b", card)

    def test_a_card_that_is_given_is_taken(self) -> None:
        self.assertEqual((self.export(self.tensors["image.weight"], "text") / "README.md").read_text(), "text")

    def test_a_head_that_was_trained_on_another_tower_is_refused(self) -> None:
        with self.assertRaisesRegex(SystemExit, "memes was trained on tokens of another tower \"image\""):
            self.export(torch.zeros(3, dtype=torch.float16))
        self.assertFalse((self.work / "mine").exists())

    def test_towers_that_the_head_does_not_read_do_not_matter(self) -> None:
        self.export(self.tensors["image.weight"])
        description = json.loads((self.work / "components" / "memes.json").read_text())
        self.assertEqual(list(description["towers"]), ["image"])


if __name__ == "__main__":
    unittest.main()

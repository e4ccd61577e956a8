"""Augmentation on the device, and weights in pieces."""

import io
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from ..sensorium.data import decode, uploadable
from ..sensorium.gallery import augmented, scaled
from ..sensorium.matching import recalls
from ..sensorium.pieces import load_pieces, save_pieces


class GalleryTests(unittest.TestCase):
    def test_a_whole_crop_in_other_light_is_still_the_photo(self):
        torch.manual_seed(0)
        pixels = F.interpolate(torch.rand(3, 3, 8, 8), 260, mode="bilinear").mul(255).byte()
        pixels[:, :, :, :130] //= 4
        views = augmented(pixels, torch.tensor([False, True, False]), 1.0, torch.Generator().manual_seed(0))
        for view, photo, mirrored in zip(views, scaled(pixels), (False, True, False)):
            halves = [view[:, :, :130].mean(), view[:, :, 130:].mean()]
            self.assertEqual(halves[0] > halves[1], mirrored)
            wanted = photo.flip(2) if mirrored else photo
            self.assertGreater(torch.corrcoef(torch.stack([view.flatten(), wanted.flatten()]))[0, 1], 0.9)
        self.assertLessEqual(views.abs().max(), 1.0)

    def test_pieces_together_are_the_weights(self):
        weights = {f"layer.{i}": torch.randn(1000, 1500).half() for i in range(12)}
        with tempfile.TemporaryDirectory() as folder:
            save_pieces(Path(folder), "head", weights)
            save_pieces(Path(folder), "head-other", {"one": torch.zeros(1)})
            self.assertGreater(len(list(Path(folder).glob("head-[0-9]*"))), 2)
            loaded = load_pieces(Path(folder), "head")
        self.assertEqual(set(loaded), set(weights))
        self.assertTrue(all(torch.equal(loaded[name], weights[name]) for name in weights))


class UploadTests(unittest.TestCase):
    def test_a_webp_is_sent_as_a_png_of_the_same_pixels(self):
        pixels = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "webp")
        sent = uploadable(file.getvalue())
        self.assertEqual(sent[:4], b"\x89PNG")
        self.assertTrue(np.array_equal(np.asarray(decode(sent)), np.asarray(decode(file.getvalue()))))
        self.assertEqual(uploadable(sent), sent)


class RecallTests(unittest.TestCase):
    def test_ranks_are_counted_from_both_sides(self):
        images = torch.eye(3)
        texts = torch.tensor([[1.0, 0, 0], [0.9, 1, 0], [0, 1, 0], [0, 0, 0.5], [1, 0, 0.5]])
        result = recalls(images, texts, torch.tensor([0, 0, 1, 2, 2]))
        self.assertAlmostEqual(result["t2i R@1"], 3 / 5, places=6)
        self.assertAlmostEqual(result["t2i R@5"], 1.0, places=6)
        self.assertAlmostEqual(result["i2t R@1"], 1.0, places=6)


if __name__ == "__main__":
    unittest.main()

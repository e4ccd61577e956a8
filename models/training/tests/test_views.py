"""Views of a photo: sketches and halves."""

import unittest

import numpy as np
from PIL import Image, ImageDraw

from ..sensorium.sketching import sketch
from ..sensorium.views import halves, random_halves, view_of


def drawing() -> Image.Image:
    image = Image.new("RGB", (224, 160), (40, 90, 200))
    ImageDraw.Draw(image).ellipse((60, 30, 160, 130), (230, 180, 60))
    return image


class SketchTests(unittest.TestCase):
    def test_the_seed_makes_the_sketch(self):
        first, again, other = (np.asarray(sketch(drawing(), seed)) for seed in (1, 1, 2))
        self.assertTrue(np.array_equal(first, again))
        self.assertFalse(np.array_equal(first, other))

    def test_a_sketch_is_grey_light_and_of_the_photos_size(self):
        for seed in range(6):
            result = sketch(drawing(), seed)
            self.assertEqual(result.size, (224, 160))
            pixels = np.asarray(result)
            self.assertTrue((pixels == pixels[:, :, :1]).all())
            self.assertGreater(np.median(pixels), 215)

    def test_lines_lie_where_the_photo_has_edges(self):
        dark = np.mean([np.asarray(sketch(drawing(), seed).convert("L"), np.float32) < 170 for seed in range(12)], axis=0)
        y, x = np.ogrid[:160, :224]
        distance = np.abs(np.hypot(x - 110, y - 80) - 50)
        self.assertGreater(dark[distance < 5].mean(), 10 * dark[distance > 15].mean())

    def test_a_picture_of_one_colour_is_empty_paper(self):
        for colour in ((0, 0, 0), (255, 255, 255)):
            pixels = np.asarray(sketch(Image.new("RGB", (64, 48), colour), 3))
            self.assertGreater(pixels.min(), 190)


class HalfTests(unittest.TestCase):
    def test_halves_share_no_pixel(self):
        numbered = Image.fromarray(np.arange(90 * 121, dtype=np.int32).reshape(90, 121))
        for parts in (halves(numbered), *(random_halves(numbered, seed) for seed in range(30))):
            first, second = (set(np.asarray(part).ravel().tolist()) for part in parts)
            self.assertFalse(first & second)
            self.assertGreaterEqual(min(len(first), len(second)), 0.38 * 90 * 121)

    def test_the_two_halves_of_a_row_are_one_cut(self):
        numbered = Image.fromarray(np.arange(80 * 100, dtype=np.int32).reshape(80, 100))
        for row in range(20):
            first, second = (set(np.asarray(view_of(numbered, name, row)).ravel().tolist()) for name in ("half0", "half1"))
            self.assertFalse(first & second)


if __name__ == "__main__":
    unittest.main()

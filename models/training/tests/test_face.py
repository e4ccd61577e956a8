"""The folded face tower computes what the trained network computes."""

import unittest

import torch

from ..sensorium.face import FaceClassifier, configuration


class FaceTests(unittest.TestCase):
    @torch.no_grad()
    def test_folding_changes_nothing(self):
        torch.manual_seed(0)
        layout = [{"channels": 4, "stride": 2}, {"channels": 4, "stride": 1}, {"channels": 6, "stride": 2}]
        network = FaceClassifier(3, 0.0, layout)
        for _ in range(5):
            network.train()(torch.randn(8, 1, 48, 48) * 2 + 1)
        pixels = torch.randn(2, 1, 48, 48)
        wanted = network.eval()(pixels)
        tokens = network.tower()(pixels)
        self.assertEqual(tokens.shape[1:], (configuration(layout)["tokens"], configuration(layout)["channels"]))
        torch.testing.assert_close(network.output(tokens.mean(1)), wanted, atol=1e-5, rtol=1e-4)


if __name__ == "__main__":
    unittest.main()

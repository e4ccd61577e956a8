"""The networks that find and read words, PP-OCRv4's (Apache-2.0), out of RapidOCR's wheel: float16, batch norms and the like folded.

    pip download --no-deps rapidocr-onnxruntime==1.4.4
    python -m training.words  --work WORK --wheel rapidocr_onnxruntime-1.4.4-py3-none-any.whl
    python -m training.export --base sensorium-base --component words_finder=WORK/components/words_finder \\
        --component words_reader=WORK/components/words_reader --output sensorium-base

Nothing is trained. What our modules compute with the rounded weights is compared with ONNX Runtime.
"""

import argparse
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn

from .sensorium.component import save_component
from .sensorium.words import Block, Level, TextFinder, TextReader

FOLDER = "rapidocr_onnxruntime/models"
FINDER, READER = "ch_PP-OCRv4_det_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx"
TEXT = ["The quick brown fox, 1.25 km", "Sign here: 27 July", "EXIT -> left"]


class Layers:
    """The layers of a graph in the order in which it computes: each convolution or linear map with what follows it folded in."""

    def __init__(self, data: bytes):
        graph = onnx.load_from_string(data).graph
        self.constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        self.nodes = []
        for node in graph.node:
            if node.op_type == "Constant":
                self.constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
            else:
                self.nodes.append(node)

    def constant(self, node) -> np.ndarray | None:
        found = [self.constants[name] for name in node.input if name in self.constants]
        return found[0].astype(np.float64) if found else None

    def __iter__(self) -> Iterator[tuple[str, list[np.ndarray]]]:
        """("weight", [weight, bias]), ("act", [scale, shift]) and ("norm", [weight, bias])."""
        weight, bias, outputs, numbers = None, None, 1, []
        norm: list[np.ndarray] = []

        def finished() -> Iterator[tuple[str, list[np.ndarray]]]:
            if weight is not None:
                yield "weight", [weight, np.zeros(outputs) if bias is None else bias]
            if numbers:
                yield "act", numbers

        is_active = False  # behind a hard swish, whose scale and shift are its own
        for node in self.nodes:
            value = self.constant(node)
            if node.op_type in ("Conv", "ConvTranspose", "MatMul") and value is not None:
                yield from finished()
                weight, bias, numbers, is_active = value, None, [], False
                if node.op_type == "Conv":
                    outputs = weight.shape[0]
                    if len(node.input) > 2:
                        bias = self.constants[node.input[2]].astype(np.float64)
                else:
                    outputs = weight.shape[1]
                self.transposes = node.op_type == "ConvTranspose"
            elif node.op_type == "BatchNormalization":
                gamma, beta, mean, variance = (self.constants[name].astype(np.float64) for name in node.input[1:])
                scale = gamma / np.sqrt(variance + node.attribute[0].f)
                shape = (1, -1, 1, 1) if self.transposes else (-1, 1, 1, 1)
                weight = weight * scale.reshape(shape)
                bias = beta + ((0 if bias is None else bias) - mean) * scale
            elif node.op_type == "Clip":
                is_active = True
            elif node.op_type in ("Mul", "Add") and value is not None and "helper" not in "".join(node.input):
                if value.size == 1 and value.ndim < 4:
                    if is_active:
                        numbers.append(value.item())
                    elif node.op_type == "Mul":
                        weight, bias = weight * value.item(), bias * value.item()
                    else:
                        bias = bias + value.item()
                elif self.follows_division(node) or norm:
                    norm.append(value)
                    if len(norm) == 2:
                        yield from finished()
                        weight, numbers = None, []
                        yield "norm", norm
                        norm = []
                else:
                    bias = (0 if bias is None else bias) + value.reshape(-1)
        yield from finished()

    def follows_division(self, node) -> bool:
        return any(other.op_type == "Div" and other.output[0] in node.input for other in self.nodes)


def places(network: nn.Module) -> Iterator[tuple[str, str]]:
    """What of the network takes the graph's layers, in their order."""
    def squeeze(name: str) -> Iterator[tuple[str, str]]:
        yield from (("weight", f"{name}.squeeze.down"), ("weight", f"{name}.squeeze.up"))

    yield "weight", "stem"
    for index, block in enumerate(network.blocks):
        assert isinstance(block, Block)
        yield "weight", f"blocks.{index}.depthwise"
        if block.middle:
            yield "act", f"blocks.{index}.middle"
        if block.squeeze:
            yield from squeeze(f"blocks.{index}")
        yield "weight", f"blocks.{index}.pointwise"
        yield "act", f"blocks.{index}.last"
    if isinstance(network, TextFinder):
        for index in range(4):
            yield "weight", f"first.{index}"
        for kind in ("lateral", "smooth"):
            for index in (3, 2, 1, 0):
                yield "weight", f"{kind}.{index}.conv"
                yield from squeeze(f"{kind}.{index}")
        yield from (("weight", name) for name in ("join", "enlarge", "map"))
        return
    yield from (("weight", "reduce"), ("weight", "widen"))
    for index in range(2):
        yield "norm", f"layers.{index}.attention_norm"
        yield from (("weight", f"layers.{index}.attention.qkv"), ("weight", f"layers.{index}.attention.output"))
        yield "norm", f"layers.{index}.feed_forward_norm"
        yield from (("weight", f"layers.{index}.feed_forward.up"), ("weight", f"layers.{index}.feed_forward.down"))
    yield "norm", "norm"
    yield from (("weight", name) for name in ("restore", "join", "narrow", "characters"))


def convert(network: nn.Module, data: bytes) -> dict[str, Tensor]:
    found: dict[str, list[np.ndarray]] = {}
    for (kind, name), (is_kind, values) in zip(places(network), Layers(data), strict=True):
        if kind != is_kind:
            raise SystemExit(f"{name} is a {kind}, but the file has a {is_kind} there: is it another network?")
        found[name] = values
    # The file's pictures are BGR, as OpenCV reads them.
    found["stem"][0] = found["stem"][0][:, ::-1]
    for index in range(4):  # two linear maps with nothing between: one
        if f"first.{index}" in found:
            (first, bias), (second, _) = found.pop(f"first.{index}"), found[f"lateral.{index}.conv"]
            second = second[:, :, 0, 0]
            found[f"lateral.{index}.conv"] = [(second @ first[:, :, 0, 0])[:, :, None, None], second @ bias]
    for name in [name for name in found if name.endswith(".qkv")]:
        weight, bias = found.pop(name)
        for part, rows, shift in zip(("query", "key", "value"), np.split(weight, 3, 1), np.split(bias, 3)):
            found[name.replace("qkv", part)] = [rows, shift]
    tensors: dict[str, Tensor] = {}
    for name, values in found.items():
        if name.rsplit(".", 1)[-1] in ("middle", "last"):
            tensors[f"{name}.weight"] = torch.tensor(values)
            continue
        weight, bias = (torch.from_numpy(np.ascontiguousarray(value)) for value in values)
        is_linear = isinstance(network.get_submodule(name), nn.Linear)
        tensors |= {f"{name}.weight": weight.T if is_linear else weight, f"{name}.bias": bias}
    return {name: tensor.half().contiguous() for name, tensor in tensors.items()}


def picture(height: int, width: int, rows: int) -> Tensor:
    """Lines of text in Pillow's own font on light grey: [1, 3, height, width] in -1...1."""
    image = Image.new("RGB", (width, height), (214, 214, 205))
    size = height // rows
    for row in range(rows):
        ImageDraw.Draw(image).text((6, row * size), TEXT[row % len(TEXT)], (30, 20, 60), ImageFont.load_default(size * 0.7))
    return torch.from_numpy(np.array(image, np.float32)).permute(2, 0, 1)[None] / 127.5 - 1


@torch.no_grad()
def check(network: nn.Module, tensors: dict[str, Tensor], data: bytes, pixels: Tensor) -> None:
    """Folded and rounded, it must still be ONNX Runtime's."""
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    expected = session.run(None, {"x": pixels.flip(1).numpy()})[0]
    ours = network.eval()(pixels)
    ours = ours[:, None] if isinstance(network, TextFinder) else ours.softmax(2)
    difference = np.abs(ours.numpy() - expected)
    count = sum(tensor.numel() for tensor in tensors.values())
    print(f"{type(network).__name__}: {count / 1e6:.2f} M parameters; probabilities against ONNX Runtime's: mean |difference| "
          f"{difference.mean():.1e}, max {difference.max():.4f}; largest probability {expected.max():.4f}")
    if difference.max() > 0.05:
        raise SystemExit("It computes something else than ONNX Runtime.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for everything that training computes")
    parser.add_argument("--wheel", type=Path, required=True, help="RapidOCR's wheel")
    arguments = parser.parse_args()
    with zipfile.ZipFile(arguments.wheel) as archive:
        finder_file, reader_file = (archive.read(f"{FOLDER}/{name}") for name in (FINDER, READER))
    finder = TextFinder()
    tensors = convert(finder, finder_file)
    check(finder, tensors, finder_file, picture(320, 480, 8))
    save_component(arguments.work, "words_finder", "tower", {"type": "db_text_finder"}, tensors)

    metadata = {entry.key: entry.value for entry in onnx.load_from_string(reader_file).metadata_props}
    characters = "".join(metadata["character"].splitlines()) + " "
    reader = TextReader(len(characters))
    tensors = convert(reader, reader_file)
    check(reader, tensors, reader_file, picture(48, 320, 1))
    save_component(arguments.work, "words_reader", "tower", {"type": "svtr_text_reader", "characters": characters}, tensors)


if __name__ == "__main__":
    main()

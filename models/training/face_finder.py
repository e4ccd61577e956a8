"""The face finder: BlazeFace's weights (Bazarevsky 2019, short range), taken out of MediaPipe's TFLite file, in float16.

Writes the component `face_finder` into `<work>/components`. The file is in MediaPipe's wheel, of which nothing else is
needed:

    pip download --no-deps --only-binary :all: --python-version 3.11 mediapipe==0.10.14
"""

import argparse
import json
import zipfile
from pathlib import Path

import numpy as np
import tflite
import torch
from safetensors.torch import save_file
from torch import Tensor

from .sensorium.finder import FaceFinder

MEMBER = "mediapipe/modules/face_detection/face_detection_short_range.tflite"
CONFIG = {"type": "blazeface_short"}


def read_tensors(data: bytes) -> dict[str, np.ndarray]:
    """All float16 constants of a TFLite file, by name."""
    model = tflite.Model.GetRootAsModel(data, 0)
    graph = model.Subgraphs(0)
    tensors = {}
    for index in range(graph.TensorsLength()):
        tensor = graph.Tensors(index)
        buffer = model.Buffers(tensor.Buffer())
        if tensor.Type() == tflite.TensorType.FLOAT16 and buffer.DataLength():
            values = buffer.DataAsNumpy().view(np.float16).reshape(tensor.ShapeAsNumpy())
            tensors[tensor.Name().decode()] = values
    return tensors


def convert(source: dict[str, np.ndarray]) -> dict[str, Tensor]:
    """TensorFlow's layouts to PyTorch's: [out, y, x, in] and, for depthwise, [1, y, x, channels] to [out, in, y, x]."""
    names = {"stem": "conv2d"}
    for index in range(16):
        suffix = f"_{index}" if index else ""
        names[f"blocks.{index}.depthwise"] = f"depthwise_conv2d{suffix}"
        names[f"blocks.{index}.project"] = f"conv2d_{index + 1}"
    names |= {
        "fine_scores": "classificator_8", "fine_boxes": "regressor_8",
        "coarse_scores": "classificator_16", "coarse_boxes": "regressor_16",
    }
    tensors = {}
    for ours, theirs in names.items():
        axes = (3, 0, 1, 2) if ours.endswith("depthwise") else (0, 3, 1, 2)
        tensors[f"{ours}.weight"] = torch.from_numpy(source[f"{theirs}/Kernel"].transpose(axes).copy())
        tensors[f"{ours}.bias"] = torch.from_numpy(source[f"{theirs}/Bias"].copy())
    if 2 * len(names) != len(source):
        raise SystemExit(f"the file has {len(source)} weights, not {2 * len(names)}: is it another network?")
    return tensors


@torch.no_grad()
def check(finder: FaceFinder, reference: Path) -> None:
    """Against what TFLite's interpreter computed: x [1, 128, 128, 3], scores [1, 896, 1], boxes [1, 896, 16]."""
    with np.load(reference) as expected:
        logits, boxes = finder(torch.from_numpy(expected["x"]).permute(0, 3, 1, 2))
        scores = np.abs(logits.numpy() - expected["scores"][:, :, 0]).max()
        places = np.abs(boxes.numpy() - expected["boxes"]).max()
    print(f"against TFLite's interpreter: largest difference of a logit {scores:.1e}, of a box {places:.1e} pixels")
    if scores > 1e-2 or places > 1e-2:
        raise SystemExit("The finder computes something else than TFLite.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for everything that training computes")
    parser.add_argument("--wheel", type=Path, required=True, help="MediaPipe's wheel, or the TFLite file itself")
    parser.add_argument("--reference", type=Path, help="an .npz of TFLite's interpreter to compare with (see `check`)")
    arguments = parser.parse_args()
    if zipfile.is_zipfile(arguments.wheel):
        with zipfile.ZipFile(arguments.wheel) as archive:
            data = archive.read(MEMBER)
    else:
        data = arguments.wheel.read_bytes()
    tensors = convert(read_tensors(data))
    finder = FaceFinder().eval()
    finder.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    if arguments.reference:
        check(finder, arguments.reference)
    components = arguments.work / "components"
    components.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, components / "face_finder.safetensors")
    (components / "face_finder.json").write_text(json.dumps({"kind": "tower", "config": CONFIG}, indent=2) + "\n")
    print(f"{len(tensors)} tensors, {sum(tensor.numel() for tensor in tensors.values()):,} parameters")


if __name__ == "__main__":
    main()

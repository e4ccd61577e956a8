"""What ONNX Runtime and RapidOCR say of the pictures here: the fixtures of the tests of words.

    pip install rapidocr-onnxruntime==1.4.4 pillow==13.0.0
    python make_words.py

The pictures are made anew too, with Pillow's own font.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnxruntime
import rapidocr_onnxruntime
from PIL import Image, ImageDraw, ImageFont
from rapidocr_onnxruntime import RapidOCR

HERE = Path(__file__).parent
MODELS = Path(rapidocr_onnxruntime.__file__).parent / "models"


def page(size: tuple[int, int], lines: list[tuple[int, int, int, str]]) -> Image.Image:
    image = Image.new("RGB", size, (222, 218, 204))
    for left, top, height, text in lines:
        ImageDraw.Draw(image).text((left, top), text, (40, 24, 70), ImageFont.load_default(height))
    return image


def session(name: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(MODELS / name), providers=["CPUExecutionProvider"])


def pixels(image: Image.Image) -> np.ndarray:
    """BGR in -1...1, as the files take them."""
    return (np.asarray(image, np.float32)[:, :, ::-1] / 127.5 - 1).transpose(2, 0, 1)[None]


def probabilities(name: str) -> dict:
    found = session("ch_PP-OCRv4_det_infer.onnx").run(None, {"x": pixels(Image.open(HERE / name))})[0][0, 0]
    return {"picture": name, "above": int((found > 0.3).sum()), "every_fifth": [round(float(value), 6) for value in found[::5, ::5].ravel()]}


def steps(name: str) -> dict:
    found = session("ch_PP-OCRv4_rec_infer.onnx").run(None, {"x": pixels(Image.open(HERE / name))})[0][0]
    return {"picture": name, "classes": found.argmax(1).tolist(), "probabilities": [round(float(value), 6) for value in found.max(1)]}


def lines(engine: RapidOCR, name: str) -> dict:
    found = engine(str(HERE / name))[0] or []
    return {"picture": name, "lines": [{"text": text, "box": [[round(float(x), 2) for x in corner] for corner in box],
                                        "confidence": round(float(score), 4)} for box, text, score in found]}


def main() -> None:
    sign = page((352, 192), [(30, 24, 44, "EXIT 27"), (30, 110, 26, "Mind the gap, please!")])
    sign.save(HERE / "sign.png")
    page((352, 48), [(4, 2, 38, "Push to open: 9-17h")]).save(HERE / "line.png")
    sign.rotate(14, Image.Resampling.BICUBIC, expand=True, fillcolor=(222, 218, 204)).save(HERE / "askew.png")
    sign.rotate(180).save(HERE / "upside-down.png")
    sign.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(HERE / "mirrored.png")
    engine = RapidOCR()
    golden = {
        "made_by": "make_words.py", "versions": {name: version(name) for name in ("rapidocr-onnxruntime", "onnxruntime", "pillow")},
        "finder": probabilities("sign.png"), "reader": steps("line.png"),
        "pages": [lines(engine, name) for name in ("sign.png", "line.png", "askew.png", "upside-down.png", "mirrored.png")],
    }
    (HERE / "golden.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()

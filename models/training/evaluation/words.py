"""Words in pictures: 200 rendered lines of English, of which every second is warped, blurred, unevenly lit and compressed, read by the
server and by RapidOCR (`pip install rapidocr-onnxruntime==1.4.4`), from which the networks come. Needs no data."""

import argparse
import io
import math
import random
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ..sensorium.client import Server, ask_all

LINES = 200
FONTS = [
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic",
    "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic",
]
PEOPLE = ["The baker", "An old sailor", "Her neighbour", "The night guard", "A young painter", "Doctor Wells", "The whole team", "Nobody"]
DEEDS = ["bought", "painted", "found", "forgot", "repaired", "carried away", "photographed", "sold", "asked for", "described"]
THINGS = ["a green lantern", "the broken clock", "twelve apples", "a map of the harbour", "the last ticket", "my grey umbrella", "two chairs", "the key"]
PLACES = ["in Bristol", "near the station", "before sunrise", "at the market", "on Friday", "behind the church", "last winter", "for nothing"]
SIGNS = [
    "EXIT", "NO ENTRY", "Mind the gap", "Push to open", "STAFF ONLY", "Wet floor", "Keep right", "Fire door: keep shut", "Open 24 hours",
    "Please take a seat", "QUIET ZONE", "Way out", "Beware of the dog", "Do not lean out", "SALE", "Pay here", "Ring twice", "Out of order",
]
STREETS = ["Mill Lane", "Kingsway", "Harbour Street", "Elm Road", "Church Hill", "Victoria Square"]


def text(chance: random.Random) -> str:
    """A sentence, a sign, a price, an address, a date or a headline."""
    sentence = f"{chance.choice(PEOPLE)} {chance.choice(DEEDS)} {chance.choice(THINGS)} {chance.choice(PLACES)}"
    kind = chance.randrange(8)
    if kind < 3:
        return sentence + chance.choice([".", "!", "?", "", ","])
    if kind == 3:
        return chance.choice(SIGNS)
    if kind == 4:
        return f"{chance.choice(THINGS).split(' ', 1)[1].capitalize()}: ${chance.randrange(1, 90)}.{chance.randrange(100):02}"
    if kind == 5:
        return f"{chance.randrange(1, 300)} {chance.choice(STREETS)}, No. {chance.randrange(1, 40)}"
    if kind == 6:
        return f"{chance.choice(['Mon', 'Tuesday', 'Sat'])} {chance.randrange(1, 29)} {chance.choice(['March', 'July', 'October'])} {chance.randrange(1950, 2026)}, " \
               f"{chance.randrange(24)}:{chance.randrange(60):02}"
    return " ".join(sentence.split()[1:6]).upper()


def rendered(line: str, chance: random.Random, fonts: Path) -> Image.Image:
    """The line somewhere in a picture of one colour."""
    font = ImageFont.truetype(str(fonts / f"{chance.choice(FONTS)}.ttf"), chance.randrange(22, 49))
    left, top, right, bottom = font.getbbox(line)
    margins = [chance.randrange(12, 90) for _ in range(4)]
    light, dark = ([chance.randrange(low, low + 70) for _ in range(3)] for low in (180, 0))
    ground, ink = (light, dark) if chance.random() < 0.7 else (dark, light)
    image = Image.new("RGB", (right - left + margins[0] + margins[1], bottom - top + margins[2] + margins[3]), tuple(ground))
    ImageDraw.Draw(image).text((margins[0] - left, margins[2] - top), line, tuple(ink), font)
    return image


def spoiled(image: Image.Image, chance: random.Random) -> Image.Image:
    """Seen from aside, out of focus, in uneven light, with noise."""
    width, height = image.size
    corners = [(0, 0), (0, height), (width, height), (width, 0)]
    moved = [(x + chance.uniform(-0.02, 0.02) * width, y + chance.uniform(-0.12, 0.12) * height) for x, y in corners]
    rows = []
    for (x, y), (u, v) in zip(corners, moved):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    warp = np.linalg.solve(np.array(rows, float), np.array(moved, float).reshape(-1))
    image = image.transform(image.size, Image.Transform.PERSPECTIVE, tuple(warp), Image.Resampling.BICUBIC, fillcolor=image.getpixel((0, 0)))
    image = image.filter(ImageFilter.GaussianBlur(chance.uniform(0.6, 1.6)))
    values = np.asarray(image, np.float32)
    angle = chance.uniform(0, 2 * math.pi)
    ramp = np.cos(angle) * np.linspace(-1, 1, width)[None] + np.sin(angle) * np.linspace(-1, 1, height)[:, None]
    values = values * (0.75 + 0.3 * ramp / 1.5)[:, :, None] + np.random.default_rng(chance.randrange(1 << 30)).normal(0, 6, values.shape)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def pictures() -> list[tuple[str, bytes]]:
    """What is written, and the file that shows it: PNG, every second JPEG."""
    chance = random.Random(18)
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    made = []
    for index in range(LINES):
        line = text(chance)
        image = rendered(line, chance, fonts)
        file = io.BytesIO()
        if index % 2:
            spoiled(image, chance).save(file, "JPEG", quality=chance.randrange(25, 60))
        else:
            image.save(file, "PNG")
        made.append((line, file.getvalue()))
    return made


def distance(first: str, second: str) -> int:
    """Levenshtein's: characters to put in, take out or exchange."""
    row = list(range(len(second) + 1))
    for index, a in enumerate(first):
        before, row[0] = row[0], index + 1
        for place, b in enumerate(second):
            before, row[place + 1] = row[place + 1], min(row[place + 1] + 1, row[place] + 1, before + (a != b))
    return row[-1]


def report(name: str, read: list[str], made: list[tuple[str, bytes]]) -> float:
    """Prints the characters that are wrong among those that are there; returns their share."""
    def share(indices: range) -> float:
        wrong = sum(distance(made[index][0], read[index]) for index in indices)
        return wrong / sum(len(made[index][0]) for index in indices)

    every = share(range(len(made)))
    print(f"  {name}: character error {100 * every:.2f} % ({100 * share(range(0, len(made), 2)):.2f} % clean, "
          f"{100 * share(range(1, len(made), 2)):.2f} % spoiled); {sum(a == b for (a, _), b in zip(made, read))} of {len(made)} lines without a mistake")
    return every


def reference() -> Callable[[bytes], str]:
    from rapidocr_onnxruntime import RapidOCR

    engine = RapidOCR()
    return lambda file: " ".join(line for _, line, _ in engine(file)[0] or [])


def run(server: Server, arguments: argparse.Namespace) -> None:
    made = pictures()[: arguments.items]
    read = ask_all(
        lambda picture: server.ask("/v1/read", {"image": picture[1]}, {})["text"].replace("\n", " "), made, arguments.connections)
    ours = report("server", read, made)
    ask = reference()
    theirs = report("RapidOCR", [ask(file) for _, file in made], made)
    print(f"  difference: {100 * (ours - theirs):+.2f} points")

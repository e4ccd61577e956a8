"""Photos and captions of the training data, which lie in tars beside tables."""

import io
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

# Folders with photos that have captions; Flickr8k comes first, so that its rows lead every cache.
CAPTION_SETS = ("flickr8k", "coco_captions", "vqa/coco_train", "vqa/coco_val")
QUESTION_SETS = ("coco_captions", "vqa/coco_train", "vqa/coco_val", "vqa/daquar")
IMAGE_SIZE = 260


@dataclass
class Photo:
    """A photo with its human captions."""

    folder: str
    name: str
    captions: list[str]


def read_photos(data: Path, split: str, folders: tuple[str, ...] = CAPTION_SETS) -> list[Photo]:
    """Photos of a split that have captions, in the order of the tables."""
    photos: dict[tuple[str, str], Photo] = {}
    for folder in folders:
        for line in (data / folder / "captions.tsv").read_text().splitlines():
            name, row_split, caption = line.split("\t")
            if row_split == split:
                photos.setdefault((folder, name), Photo(folder, name, [])).captions.append(caption)
    return list(photos.values())


def photo_names(data: Path, folder: str, split: str) -> list[str]:
    """Photos of one set that have captions or questions, in the order of its tables: the rows of its token caches."""
    names: dict[str, None] = {}
    for table in ("captions.tsv", "questions.tsv"):
        if (data / folder / table).exists():
            for line in (data / folder / table).read_text().splitlines():
                name, row_split, _ = line.split("\t", 2)
                if row_split == split:
                    names.setdefault(name)
    return list(names)


def read_files(data: Path, split: str, photos: list[Photo]) -> Iterator[tuple[int, bytes]]:
    """Index into `photos` and encoded bytes of every photo, in the order of the tars."""
    rows = {(photo.folder, photo.name): index for index, photo in enumerate(photos)}
    for folder in dict.fromkeys(photo.folder for photo in photos):
        with tarfile.open(data / folder / f"{split}.tar") as tar:
            for member in tar:
                index = rows.get((folder, member.name.removeprefix("./")))
                if index is not None:
                    yield index, tar.extractfile(member).read()


def decode(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file)).convert("RGB")


def uploadable(file: bytes) -> bytes:
    """The file as it is, or a WebP as a PNG of the same pixels, for servers of versions that do not read it."""
    if file[:4] != b"RIFF":
        return file
    png = io.BytesIO()
    decode(file).save(png, "png", compress_level=1)
    return png.getvalue()


def preprocess(image: Image.Image) -> np.ndarray:
    """Straight to the network's square, whatever the aspect ratio: float32 [3, 260, 260]."""
    resized = image.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)
    return ((np.asarray(resized, np.float32) - 127) / 128).transpose(2, 0, 1)


def clean(caption: str) -> str:
    """A caption as the network is to say it: lower-case words and blanks, for the server joins pieces by blanks."""
    return " ".join(re.sub(r"[^a-z0-9']+", " ", caption.lower().replace("&", " and ")).split())

#!/usr/bin/env python3
"""Small files that take much to decode, for `sensorium bench hostile`.

    python make_bombs.py        writes beside itself; ran with Python 3.11, Pillow 13.0.0

adam7.png            8000 x 8000, interlaced and black: 192 MB of pixels that no decoder can give row by row.
progressive.jpg      6000 x 6000 in ten scans, each of which goes over the whole picture: a soft gradient under large discs, so that
                     every scan has something to add.
"""
import pathlib
import struct
import zlib

from PIL import Image, ImageDraw

HERE = pathlib.Path(__file__).parent


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def adam7(side):
    """Rows of the seven passes: a filter byte and black pixels (PNG specification, section 8.2)."""
    packer = zlib.compressobj(9)
    data = b""
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        columns = len(range(x0, side, dx))
        for _ in range(y0, side, dy):
            data += packer.compress(bytes(1 + 3 * columns))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 1)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data + packer.flush()) + chunk(b"IEND", b""))


def progressive(side):
    """The picture that is saved as a progressive JPEG."""
    small = Image.linear_gradient("L").resize((side, side), Image.Resampling.BILINEAR)
    picture = Image.merge("RGB", (small, small.rotate(90), small.rotate(180)))
    draw = ImageDraw.Draw(picture)
    for number in range(12):
        x, y = (number * 1777) % side, (number * 2711) % side
        draw.ellipse((x - 300, y - 300, x + 300, y + 300), fill=(number * 20, 255 - number * 20, 128))
    return picture


if __name__ == "__main__":
    (HERE / "adam7.png").write_bytes(adam7(8000))
    progressive(6000).save(HERE / "progressive.jpg", quality=50, progressive=True)

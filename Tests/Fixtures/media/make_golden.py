"""Makes the images of this folder and their golden pixels.

    pip install Pillow==13.0.0 imagecodecs==2026.3.6 scikit-image==0.26.0 numpy==2.4.6
    python make_golden.py

Pillow (with libjpeg-turbo 3.2) says what the pixels are, except where the comments below say why it cannot.
Checksums in golden.txt are 64-bit FNV-1a over RGB bytes: `file | operation | width height | checksum`.
"""

import io
import os
import struct
import subprocess
import tempfile
import zlib

import imagecodecs
import numpy as np
import skimage.data
from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
golden = []


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def write(name, data):
    path = os.path.join(HERE, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def note(name, operation, image):
    golden.append(f"{name} | {operation} | {image.width} {image.height} | {fnv(image.tobytes())}")


def keep(name, data, image):
    """A small file and, beside it, its pixels as raw RGB."""
    write(name, data)
    write(os.path.splitext(name)[0] + ".rgb", image.tobytes())
    note(name, "decode", image)


def opened(data):
    return Image.open(io.BytesIO(data))


def jpeg(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


# Photographs ------------------------------------------------------------------------------------------------------

FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
SIZES = [(260, 260), (224, 224), (320, 100), (33, 500), (1, 1), (319, 321), (500, 7), (700, 700)]


def photo(name, width, **options):
    source = Image.open(os.path.join(os.path.dirname(skimage.data.__file__), name)).convert("RGB")
    height = round(source.height * width / source.width)
    data = jpeg(source.resize((width, height), Image.LANCZOS), **options)
    file = name.split(".")[0] + ".jpg"
    write(file, data)
    image = opened(data).convert("RGB")
    note(file, "decode", image)
    for label, method in FILTERS.items():
        for size in SIZES:
            note(file, label, image.resize(size, method))
    return image


astronaut = photo("astronaut.png", 320, quality=85)
chelsea = photo("chelsea.png", 320, quality=85, progressive=True)
coffee = photo("coffee.png", 320, quality=85, subsampling="4:2:2")
rocket = photo("rocket.jpg", 320, quality=80, subsampling="4:4:4")
for name, image in (("astronaut", astronaut), ("chelsea", chelsea)):
    image.resize((260, 260), Image.BICUBIC).save(os.path.join(HERE, f"{name}-260.png"), optimize=True)


# Kinds of JPEG, small and of odd size ------------------------------------------------------------------------------

SMALL = coffee.crop((130, 60, 191, 105))


def without_segment(data, marker):
    """The JPEG without its first segment of this marker, to take Adobe's APP14 out."""
    offset = 2
    while data[offset + 1] != marker:
        offset += 2 + struct.unpack(">H", data[offset + 2 : offset + 4])[0]
    length = 2 + struct.unpack(">H", data[offset + 2 : offset + 4])[0]
    return data[:offset] + data[offset + length :]


def with_exif(data, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    block = exif.tobytes()
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:]


for sampling in ("444", "422", "420", "440", "411"):
    data = imagecodecs.jpeg8_encode(np.asarray(SMALL), level=85, subsampling=sampling)
    keep(f"jpeg/{sampling}.jpg", data, opened(data).convert("RGB"))
    if sampling == "420":
        for orientation in range(1, 9):
            upright = ImageOps.exif_transpose(opened(with_exif(data, orientation)))
            note("jpeg/420.jpg", f"orientation {orientation}", upright)

for name, options in {
    "progressive": {"progressive": True},
    "restart": {"restart_marker_blocks": 2},
    "rgb-adobe": {"keep_rgb": True},  # three components that are red, green and blue, and Adobe's marker says so
}.items():
    data = jpeg(SMALL, quality=85, **options)
    keep(f"jpeg/{name}.jpg", data, opened(data).convert("RGB"))

adobe = jpeg(SMALL, quality=85, keep_rgb=True)
try:
    adobe = without_segment(adobe, 0xEE)
except IndexError:
    pass
keep("jpeg/rgb-names.jpg", adobe, opened(adobe).convert("RGB"))  # the components are called R, G and B

data = jpeg(SMALL.convert("L"), quality=85)
keep("jpeg/grey.jpg", data, opened(data).convert("RGB"))

# Photoshop stores ink inverted and leaves its marker; Pillow inverts always, marker or not. Without the marker the
# values are ink as they stand: there Pillow's own inversion is undone before its conversion.
ink = SMALL.convert("CMYK")
ink = Image.merge("CMYK", (*ink.split()[:3], SMALL.convert("L").point(lambda v: 255 - v)))
data = jpeg(ink, quality=85)
keep("jpeg/cmyk-adobe.jpg", data, opened(data).convert("RGB"))
data = without_segment(jpeg(Image.fromarray(255 - np.asarray(ink), "CMYK"), quality=85), 0xEE)
as_stored = Image.fromarray(255 - np.asarray(opened(data)), "CMYK")
keep("jpeg/cmyk-plain.jpg", data, as_stored.convert("RGB"))
data = imagecodecs.jpeg8_encode(255 - np.asarray(ink), level=85, colorspace="CMYK", outcolorspace="YCCK")
keep("jpeg/ycck-adobe.jpg", data, opened(data).convert("RGB"))

# Refused, so without pixels.
deep = (np.asarray(SMALL.convert("L")).astype(np.uint16) << 4).astype(np.uint16)
write("jpeg/12-bit.jpg", imagecodecs.jpeg8_encode(deep, level=85, bitspersample=12))
write("jpeg/lossless.jpg", imagecodecs.jpeg8_encode(np.asarray(SMALL), lossless=True))

with tempfile.TemporaryDirectory() as folder:
    subprocess.run(["cc", os.path.join(HERE, "make_unusual.c"), "-ljpeg", "-o", "unusual"], cwd=folder, check=True)
    ppm = io.BytesIO()
    SMALL.save(ppm, "PPM")
    subprocess.run(["./unusual"], cwd=folder, input=ppm.getvalue(), check=True)
    for name in ("arithmetic", "spectral", "separate"):
        with open(os.path.join(folder, f"{name}.jpg"), "rb") as file:
            data = file.read()
        keep(f"jpeg/{name}.jpg", data, opened(data).convert("RGB"))

# Kinds of PNG -----------------------------------------------------------------------------------------------------

WIDTH, HEIGHT = 13, 11
random = np.random.default_rng(1)


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(depth, colour, samples, interlaced=False, before=(), after=()):
    """`samples` is [height, width, channels] with values of `depth` bits."""
    height, width, _ = samples.shape

    def rows(part):
        data = b""
        for row in part:
            if part.shape[1] == 0:
                continue
            if depth == 16:
                line = row.astype(">u2").tobytes()
            elif depth == 8:
                line = row.astype(np.uint8).tobytes()
            else:
                bits = "".join(format(int(value), f"0{depth}b") for value in row.ravel())
                bits += "0" * (-len(bits) % 8)
                line = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
            data += b"\0" + line
        return data

    if interlaced:  # Adam7
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        data = b"".join(rows(samples[y::down, x::right]) for y, x, down, right in passes)
    else:
        data = rows(samples)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    parts = [chunk(b"IHDR", header), *before, chunk(b"IDAT", zlib.compress(data, 9)), *after, chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def over_white(image):
    """Our choice for transparent parts. `convert("RGB")` would show whatever colour hides under them."""
    image = image.convert("RGBA")
    white = Image.new("RGB", image.size, (255, 255, 255))
    white.paste(image, mask=image.getchannel("A"))
    return white


def keep_png(name, *arguments, expected=None, **options):
    for interlaced in (False, True):
        data = png(*arguments, interlaced=interlaced, **options)
        file = f"png/{name}{'-adam7' if interlaced else ''}.png"
        image = expected if expected is not None else over_white(opened(data))
        if interlaced:  # the same pixels as its sibling: golden.txt is enough
            write(file, data)
            note(file, "decode", image)
        else:
            keep(file, data, image)


def noise(depth, channels):
    return random.integers(0, 1 << depth, (HEIGHT, WIDTH, channels))


palette = random.integers(0, 256, (256, 3), dtype=np.uint8)
alphas = bytes(random.integers(0, 256, 2, dtype=np.uint8))
for depth in (1, 2, 4, 8):
    plte = chunk(b"PLTE", palette[: 1 << depth].tobytes())
    keep_png(f"palette-{depth}", depth, 3, noise(depth, 1), before=[plte])
    # Fewer alphas than colours: the rest is opaque.
    keep_png(f"palette-{depth}-trns", depth, 3, noise(depth, 1), before=[plte, chunk(b"tRNS", alphas)])
    samples = noise(depth, 1)
    keep_png(f"grey-{depth}", depth, 0, samples)
    trns = chunk(b"tRNS", struct.pack(">H", int(samples[3, 4, 0])))
    # Pillow knows one transparent grey only as an alpha of 0 or 255 in 8 bits, so the rule is spelled out.
    grey = (samples[:, :, 0] * 255 // ((1 << depth) - 1)).astype(np.uint8)
    grey[samples[:, :, 0] == samples[3, 4, 0]] = 255
    keep_png(f"grey-{depth}-trns", depth, 0, samples, before=[trns], expected=Image.fromarray(grey).convert("RGB"))

keep_png("rgb-8", 8, 2, noise(8, 3))
keep_png("grey-alpha-8", 8, 4, noise(8, 2))
keep_png("rgb-alpha-8", 8, 6, noise(8, 4))
samples = noise(8, 3)
keep_png("rgb-8-trns", 8, 2, samples, before=[chunk(b"tRNS", struct.pack(">HHH", *map(int, samples[2, 2])))])

# 16 bits: the high byte, as Pillow does for colour. Grey it would clip to white (mode I;16), so numpy says what is right.
keep_png("rgb-16", 16, 2, noise(16, 3))
keep_png("rgb-alpha-16", 16, 6, noise(16, 4))
samples = noise(16, 1)
high = (samples[:, :, 0] >> 8).astype(np.uint8)
keep_png("grey-16", 16, 0, samples, expected=Image.fromarray(high).convert("RGB"))
samples[5, 6, 0], samples[5, 7, 0] = 0x1234, 0x1235  # transparent is one value of 16 bits, not its high byte
masked = (samples[:, :, 0] >> 8).astype(np.uint8)
masked[samples[:, :, 0] == 0x1234] = 255
trns = chunk(b"tRNS", struct.pack(">H", 0x1234))
keep_png("grey-16-trns", 16, 0, samples, before=[trns], expected=Image.fromarray(masked).convert("RGB"))
samples = noise(16, 2)
pair = Image.merge("LA", [Image.fromarray((samples[:, :, c] >> 8).astype(np.uint8)) for c in (0, 1)])
keep_png("grey-alpha-16", 16, 4, samples, expected=over_white(pair))

samples = noise(8, 3)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    block = chunk(b"eXIf", exif.tobytes()[6:])
    place = {"before": [block]} if orientation % 2 else {"after": [block]}
    data = png(8, 2, samples, **place)
    write(f"png/exif-{orientation}.png", data)
    note(f"png/exif-{orientation}.png", "decode", ImageOps.exif_transpose(opened(data)).convert("RGB"))

# Text and a profile that inflate a thousandfold: must be passed over. Then two frames, of which the first counts.
flood = zlib.compress(bytes(1 << 25), 9)
bombs = [chunk(b"zTXt", b"Comment\0\0" + flood), chunk(b"iCCP", b"icc\0\0" + flood)]
bombs.append(chunk(b"iTXt", b"Comment\0\1\0\0\0" + flood))
data = png(8, 2, samples, before=bombs)
write("png/chunk-bombs.png", data)
note("png/chunk-bombs.png", "decode", Image.fromarray(samples.astype(np.uint8)))
frames = [Image.fromarray(noise(8, 3).astype(np.uint8)) for _ in range(3)]
buffer = io.BytesIO()
frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
keep("png/animated.png", buffer.getvalue(), frames[0])

write("golden.txt", ("\n".join(golden) + "\n").encode())

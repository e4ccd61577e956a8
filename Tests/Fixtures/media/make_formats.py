"""Makes the images of webp, gif, bmp, heic, avif and tiff, and their golden pixels.

    pip install Pillow==13.0.0 pillow-heif==1.8.1 imagecodecs==2026.3.6 tifffile==2026.3.3 numpy==2.4.6
    python make_formats.py

Pillow says what the pixels are, except where the comments below say why it cannot. Checksums in formats.txt are as in golden.txt. Where
libraries may differ by a little (upsampling of colours, rounding), the pixels stand in a .rgb beside the file: `near`.
"""

import io
import os
import struct

import imagecodecs
import numpy as np
import pillow_heif
import tifffile
from PIL import Image, ImageCms, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
golden = []
pillow_heif.register_heif_opener()


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


def opened(data):
    return Image.open(io.BytesIO(data))


def over_white(image):
    image = image.convert("RGBA")
    white = Image.new("RGB", image.size, (255, 255, 255))
    white.paste(image, mask=image.getchannel("A"))
    return white


def keep(name, data, image=None):
    image = image or over_white(opened(data))
    write(name, data)
    golden.append(f"{name} | decode | {image.width} {image.height} | {fnv(image.convert('RGB').tobytes())}")
    return image


def keep_near(name, data, image=None):
    image = (image or over_white(opened(data))).convert("RGB")
    write(name, data)
    write(os.path.splitext(name)[0] + ".rgb", image.tobytes())
    golden.append(f"{name} | near | {image.width} {image.height} | {fnv(image.tobytes())}")


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


PHOTO = Image.open(os.path.join(HERE, "coffee.jpg")).convert("RGB").crop((130, 60, 191, 105))
ramp = np.linspace(0, 255, PHOTO.width).astype(np.uint8)
CLEAR = PHOTO.copy()
CLEAR.putalpha(Image.fromarray(np.tile(ramp, (PHOTO.height, 1))))
random = np.random.default_rng(1)

# WebP -------------------------------------------------------------------------------------------------------------


def chunk(name, content):
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def riff(*chunks):
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def three(value):
    return struct.pack("<I", value)[:3]


def canvas(flags, width, height):
    return chunk(b"VP8X", bytes([flags, 0, 0, 0]) + three(width - 1) + three(height - 1))


keep("webp/lossy.webp", saved(PHOTO, "WEBP", quality=80))
keep("webp/lossless.webp", saved(PHOTO, "WEBP", lossless=True))
keep("webp/lossy-alpha.webp", saved(CLEAR, "WEBP", quality=80))
keep("webp/lossless-alpha.webp", saved(CLEAR, "WEBP", lossless=True, exact=True))
keep("webp/palette.webp", saved(PHOTO.quantize(16).convert("RGB"), "WEBP", lossless=True))
exif = Image.Exif()
exif[0x0112] = 6
data = saved(PHOTO, "WEBP", lossless=True, exif=exif)
keep("webp/exif-6.webp", data, ImageOps.exif_transpose(opened(data)).convert("RGB"))
frames = [PHOTO, PHOTO.transpose(Image.FLIP_LEFT_RIGHT)]
keep("webp/animated.webp", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True), PHOTO)
# A first frame that is smaller than the canvas: what is beside it is transparent (RFC 9649, 2.7.1.1).
still = saved(CLEAR, "WEBP", lossless=True, exact=True)
payload = still[still.index(b"VP8L") :]
place = three(10 // 2) + three(6 // 2) + three(PHOTO.width - 1) + three(PHOTO.height - 1) + three(100) + b"\0"
data = riff(canvas(0x12, 90, 60), chunk(b"ANIM", bytes(6)), chunk(b"ANMF", place + payload))
image = Image.new("RGB", (90, 60), (255, 255, 255))
image.paste(over_white(CLEAR), (10, 6))
keep("webp/offset.webp", data, image)

# GIF --------------------------------------------------------------------------------------------------------------

COLOURS = PHOTO.quantize(32)


def gif(image, **options):
    return saved(image, "GIF", **options)


keep("gif/plain.gif", gif(COLOURS, interlace=0))
keep("gif/interlaced.gif", gif(COLOURS, interlace=1))
keep("gif/transparent.gif", gif(COLOURS, transparency=int(np.asarray(COLOURS)[10, 10])))
keep("gif/two-colours.gif", gif(PHOTO.convert("1")))
keep("gif/256-colours.gif", gif(PHOTO.quantize(256)))
data = gif(COLOURS, save_all=True, append_images=[COLOURS.transpose(Image.FLIP_LEFT_RIGHT)], loop=0)
keep("gif/animated.gif", data, COLOURS.convert("RGB"))


def taken_apart(data):
    """Screen descriptor, global colours, what stands before the image, its descriptor, and the rest."""
    count = 3 << ((data[10] & 7) + 1)
    start = 13 + count
    place = data.index(b"\x2c", start)
    return bytearray(data[:13]), data[13:start], data[start:place], bytearray(data[place : place + 10]), data[place + 10 :]


screen, colours, before, image, rest = taken_apart(gif(COLOURS, interlace=0))
depth = screen[10] & 7
screen[10] &= 0x70  # no global colours
image[9] = 0x80 | depth  # but local ones
keep("gif/local-colours.gif", bytes(screen) + before + bytes(image) + colours + rest, COLOURS.convert("RGB"))
screen, colours, before, image, rest = taken_apart(gif(COLOURS, interlace=1))
screen[6:10] = struct.pack("<HH", 90, 60)
image[1:5] = struct.pack("<HH", 9, 5)
white = Image.new("RGB", (90, 60), (255, 255, 255))
white.paste(COLOURS.convert("RGB"), (9, 5))
keep("gif/offset.gif", bytes(screen) + colours + before + bytes(image) + rest, white)
# A first image that sticks out makes the picture larger, as browsers have it.
screen[6:10] = struct.pack("<HH", 20, 60)
white = white.crop((0, 0, 9 + COLOURS.width, 60))
keep("gif/sticks-out.gif", bytes(screen) + colours + before + bytes(image) + rest, white)
# Colours beyond the palette are black.
few = COLOURS.convert("RGB")
indices = np.asarray(COLOURS)
few = Image.fromarray(np.where((indices < 8)[:, :, None], np.asarray(few), 0).astype(np.uint8))
screen, colours, before, image, rest = taken_apart(gif(COLOURS, interlace=0))
screen[10] = screen[10] & 0xF8 | 2
keep("gif/few-colours.gif", bytes(screen) + colours[: 3 * 8] + before + bytes(image) + rest, few)

# BMP --------------------------------------------------------------------------------------------------------------


def bmp(header, palette, rows, head=b""):
    start = 14 + len(header) + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + header + head + palette + rows


def info(width, height, bits, compression=0, colours=0, size=40, more=b""):
    return struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, 0, 2835, 2835, colours, 0) + more


def padded(row):
    return row + b"\0" * (-len(row) % 4)


SIDE = (13, 11)
keep("bmp/24.bmp", saved(PHOTO, "BMP"))
keep("bmp/8.bmp", saved(COLOURS, "BMP"))
keep("bmp/1.bmp", saved(PHOTO.convert("1"), "BMP"))
values = random.integers(0, 16, SIDE[::-1])
table = random.integers(0, 256, (16, 4), dtype=np.uint8)
table[:, 3] = 0


def nibbles(row):
    row = list(row) + [0] * (len(row) % 2)
    return bytes(int(a) << 4 | int(b) for a, b in zip(row[::2], row[1::2]))


rows = b"".join(padded(nibbles(row)) for row in values[::-1])
keep("bmp/4.bmp", bmp(info(*SIDE, 4), table.tobytes(), rows))
pixels = random.integers(0, 1 << 16, SIDE[::-1]).astype("<u2")
rows = b"".join(padded(row.tobytes()) for row in pixels[::-1])
keep("bmp/16.bmp", bmp(info(*SIDE, 16), b"", rows))
keep("bmp/565.bmp", bmp(info(*SIDE, 16, 3), b"", rows, struct.pack("<III", 0xF800, 0x07E0, 0x001F)))
rows = b"".join(padded(row.tobytes()) for row in pixels)
keep("bmp/top-down.bmp", bmp(info(SIDE[0], -SIDE[1], 16), b"", rows))
deep = random.integers(0, 256, (*SIDE[::-1], 4), dtype=np.uint8)
# Without a mask for alpha the fourth byte means nothing.
keep("bmp/32.bmp", bmp(info(*SIDE, 32), b"", deep[::-1].tobytes()), Image.fromarray(deep[:, :, [2, 1, 0]].copy(), "RGB"))
masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
keep("bmp/alpha.bmp", bmp(info(*SIDE, 32, 3, size=108, more=masks + bytes(52)), b"", deep[::-1].tobytes()))
core = struct.pack("<IHHHH", 12, *SIDE, 1, 24)
rows = b"".join(padded(row[:, :3].tobytes()) for row in deep[::-1])
keep("bmp/core.bmp", bmp(core, b"", rows))
# Run-length coding: runs, literal runs, a place that is skipped (index 0), and the end of a line before its last pixel.
table = random.integers(0, 256, (256, 4), dtype=np.uint8)
table[:, 3] = 0
coded = bytes([5, 7, 0, 3, 1, 2, 3, 0, 0, 0]) + bytes([0, 2, 4, 1, 3, 9, 0, 0]) + bytes([13, 200, 0, 0, 0, 1])
picture = np.zeros((5, 13), dtype=int)
picture[0, :8] = [7] * 5 + [1, 2, 3]
picture[2, 4:7] = 9
picture[3, :] = 200
image = Image.fromarray(table[picture[::-1]][:, :, [2, 1, 0]].copy(), "RGB")
keep("bmp/rle8.bmp", bmp(info(13, 5, 8, 1), table.tobytes(), coded), image)
coded = bytes([5, 0x7A, 0, 3, 0x12, 0x30, 0, 0]) + bytes([0, 2, 4, 1, 3, 0x98, 0, 0]) + bytes([13, 0xCC, 0, 0, 0, 1])
picture[0, :8] = [7, 10, 7, 10, 7, 1, 2, 3]
picture[2, 4:7] = [9, 8, 9]
picture[3, :] = 12
image = Image.fromarray(table[picture[::-1]][:, :, [2, 1, 0]].copy(), "RGB")
keep("bmp/rle4.bmp", bmp(info(13, 5, 4, 2), table[:16].tobytes(), coded), image)

# HEIC and AVIF ----------------------------------------------------------------------------------------------------

TILE = PHOTO.resize((64, 64))  # a size that is coded as it is
GLASS = TILE.copy()
GLASS.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, 64).astype(np.uint8), (64, 1))))
DEEP = np.asarray(TILE).astype(np.uint16) * 257


def deep_heic(bits):
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    buffer = io.BytesIO()
    pillow_heif.encode("RGB;16", TILE.size, DEEP.astype("<u2").tobytes(), buffer, quality=80)
    return buffer.getvalue()


def deep_avif(bits):
    return imagecodecs.avif_encode(DEEP >> (16 - bits), level=90, bitspersample=bits)


keep_near("heic/photo.heic", saved(TILE, "HEIF", quality=80))
keep_near("heic/444.heic", saved(TILE, "HEIF", quality=90, chroma=444))
keep_near("heic/alpha.heic", saved(GLASS, "HEIF", quality=80))
keep_near("avif/photo.avif", saved(TILE, "AVIF", quality=70))
keep_near("avif/444.avif", saved(TILE, "AVIF", quality=100, subsampling="4:4:4"))
keep_near("avif/alpha.avif", saved(GLASS, "AVIF", quality=80))
for bits in (10, 12):
    data = deep_heic(bits)
    keep_near(f"heic/{bits}-bit.heic", data)
    data = deep_avif(bits)
    pixels = (imagecodecs.avif_decode(data).astype(int) * 255 / ((1 << bits) - 1)).round().astype(np.uint8)
    keep_near(f"avif/{bits}-bit.avif", data, Image.fromarray(pixels))


def boxed(name, content, full=None):
    head = b"" if full is None else struct.pack(">I", full)
    return struct.pack(">I", 8 + len(head) + len(content)) + name + head + content


def found(data, name):
    """The first box of this name, whole, wherever it is."""
    place = data.index(name) - 4
    return data[place : place + struct.unpack(">I", data[place : place + 4])[0]]


def ispe(width, height):
    return boxed(b"ispe", struct.pack(">II", width, height), 0)


def heif(brand, items, primary, references=()):
    """A file of items: (type, data, property boxes), numbered from 1; references are (type, from, [to])."""
    kind = boxed(b"ftyp", brand + bytes(4) + b"mif1" + brand)
    properties, associations, entries = [], b"", b""
    for number, (name, _, boxes) in enumerate(items, 1):
        # All but the primary image are hidden.
        entries += boxed(b"infe", struct.pack(">HH", number, 0) + name + b"\0", 2 << 24 | (number != primary))
        for box in boxes:
            if box not in properties:
                properties.append(box)
        numbers = bytes(properties.index(box) + 1 for box in boxes)
        associations += struct.pack(">HB", number, len(numbers)) + numbers
    links = b"".join(
        boxed(name, struct.pack(f">HH{len(to)}H", source, len(to), *to)) for name, source, to in references)
    data = b"".join(content for _, content, _ in items)

    def meta(start):
        places, offset = b"", start
        for number, (_, content, _) in enumerate(items, 1):
            places += struct.pack(">HHHII", number, 0, 1, offset, len(content))
            offset += len(content)
        return boxed(
            b"meta",
            boxed(b"hdlr", bytes(4) + b"pict" + bytes(13), 0)
            + boxed(b"pitm", struct.pack(">H", primary), 0)
            + boxed(b"iloc", struct.pack(">HH", 0x4400, len(items)) + places, 0)
            + boxed(b"iinf", struct.pack(">H", len(items)) + entries, 0)
            + (boxed(b"iref", links, 0) if links else b"")
            + boxed(
                b"iprp",
                boxed(b"ipco", b"".join(properties))
                + boxed(b"ipma", struct.pack(">I", len(items)) + associations, 0)),
            0)

    start = len(kind) + len(meta(0)) + 8
    return kind + meta(start) + boxed(b"mdat", data)


def coded(image, kind, **options):
    """An item of one image, out of a file that the library wrote."""
    data = saved(image, kind, **options)
    name, box = (b"hvc1", b"hvcC") if kind == "HEIF" else (b"av01", b"av1C")
    return name, found(data, b"mdat")[8:], [found(data, box), ispe(*image.size)]


def pixels_of(item, brand):
    return opened(heif(brand, [item], 1)).convert("RGB")


for kind, brand, ending in (("HEIF", b"heic", "heic"), ("AVIF", b"avif", "avif")):
    options = {"quality": 90, "chroma": 444} if kind == "HEIF" else {"quality": 90, "subsampling": "4:4:4"}
    item = coded(TILE, kind, **options)
    plain = pixels_of(item, brand)
    for name, boxes, shown in (
        ("turned", [boxed(b"irot", b"\1")], plain.transpose(Image.ROTATE_90)),
        ("mirrored", [boxed(b"imir", b"\1")], plain.transpose(Image.FLIP_LEFT_RIGHT)),
        ("flipped", [boxed(b"imir", b"\0")], plain.transpose(Image.FLIP_TOP_BOTTOM)),
        ("both", [boxed(b"irot", b"\3"), boxed(b"imir", b"\1")],
         plain.transpose(Image.ROTATE_270).transpose(Image.FLIP_LEFT_RIGHT)),
        ("cropped", [boxed(b"clap", struct.pack(">IIIIiIiI", 40, 1, 30, 1, 0, 1, 0, 1))], plain.crop((12, 17, 52, 47))),
    ):
        data = heif(brand, [(item[0], item[1], item[2] + boxes)], 1)
        keep_near(f"{ending}/{name}.{ending}", data, shown)
    # Four tiles, of which those at the right and at the bottom are seen in part, as phones store photos; beside it a map of depths.
    big = PHOTO.resize((128, 128))
    tiles = [coded(big.crop((x, y, x + 64, y + 64)), kind, **options) for y in (0, 64) for x in (0, 64)]
    assert all(tile[2] == tiles[0][2] for tile in tiles)
    grid = (b"grid", struct.pack(">BBBBHH", 0, 0, 1, 1, 120, 110), [ispe(120, 110)])
    depth = coded(TILE.convert("L").convert("RGB"), kind, **options)
    depth = (depth[0], depth[1], depth[2] + [boxed(b"auxC", b"urn:mpeg:hevc:2015:auxid:2\0", 0)])
    image = Image.new("RGB", (128, 128))
    for tile, place in zip(tiles, [(0, 0), (64, 0), (0, 64), (64, 64)]):
        image.paste(pixels_of(tile, brand), place)
    references = [(b"dimg", 5, [1, 2, 3, 4]), (b"auxl", 6, [5])]
    keep_near(f"{ending}/grid.{ending}", heif(brand, tiles + [grid, depth], 5, references), image.crop((0, 0, 120, 110)))
    # A size that its pixels do not have.
    name, content, boxes = item
    write(f"{ending}/lying.{ending}", heif(brand, [(name, content, [boxes[0], ispe(60_000, 60_000)])], 1))
    write(f"{ending}/small.{ending}", heif(brand, [(name, content, [boxes[0], ispe(32, 64)])], 1))

# TIFF -------------------------------------------------------------------------------------------------------------

for name, options in {
    "plain": {},
    "lzw": {"compression": "tiff_lzw"},
    "deflate": {"compression": "tiff_adobe_deflate"},
    "packbits": {"compression": "packbits"},
    "strips": {"compression": "tiff_lzw", "strip_size": 61 * 3 * 7},
}.items():
    keep(f"tiff/{name}.tif", saved(PHOTO, "TIFF", **options))
keep("tiff/grey.tif", saved(PHOTO.convert("L"), "TIFF"))
keep("tiff/palette.tif", saved(COLOURS, "TIFF"))
keep("tiff/bilevel.tif", saved(PHOTO.convert("1"), "TIFF", compression="group4"))
for orientation in (3, 6):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(PHOTO, "TIFF", exif=exif)
    keep(f"tiff/orientation-{orientation}.tif", data, ImageOps.exif_transpose(opened(data)).convert("RGB"))
keep_near("tiff/jpeg.tif", saved(PHOTO, "TIFF", compression="jpeg", quality=90))
keep("tiff/cmyk.tif", saved(PHOTO.convert("CMYK"), "TIFF", compression="tiff_lzw"))
# libtiff's alpha, which it multiplies first.
keep_near("tiff/alpha.tif", saved(CLEAR, "TIFF"))


def tiff(samples, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, samples, metadata=None, **options)
    return buffer.getvalue()


rgb = np.asarray(PHOTO)
wide = rgb.astype(np.uint16) * 257
keep("tiff/16-bit.tif", tiff(wide, photometric="rgb", compression="zlib"), PHOTO)
keep("tiff/16-bit-grey.tif", tiff(wide[:, :, 0], photometric="minisblack"), Image.fromarray(rgb[:, :, 0]).convert("RGB"))
keep("tiff/tiles.tif", tiff(rgb, photometric="rgb", tile=(16, 32), compression="lzw"), PHOTO)
keep("tiff/planes.tif", tiff(rgb.transpose(2, 0, 1), photometric="rgb", planarconfig="separate"), PHOTO)
keep("tiff/big-endian.tif", tiff(rgb, photometric="rgb", byteorder=">"), PHOTO)
keep("tiff/big.tif", tiff(rgb, photometric="rgb", bigtiff=True), PHOTO)
keep("tiff/big-tiles.tif", tiff(wide, photometric="rgb", bigtiff=True, byteorder=">", tile=(16, 32), compression="zlib"), PHOTO)
# Inks of 16 bits, which Pillow does not read: it is given them rounded to eight. Black of their own, which its `convert` leaves empty.
inks = np.asarray(PHOTO.convert("CMYK")).astype(np.uint16)
inks[:, :, 3] = inks[:, :, :3].min(axis=2) // 2
inks = inks * 257 + random.integers(-100, 100, inks.shape).clip(-inks.astype(int), 255 - inks.astype(int)).astype(np.uint16)
rounded = Image.fromarray(((inks.astype(int) + 128) // 257).astype(np.uint8), "CMYK")
assert rounded.mode == "CMYK"
for name, samples, options in (
    ("cmyk-16", inks, {}),
    ("cmyk-16-tiles", inks, {"tile": (16, 32), "compression": "zlib", "predictor": True, "byteorder": ">"}),
    ("cmyk-16-planes", inks.transpose(2, 0, 1), {"planarconfig": "separate", "rowsperstrip": 7, "compression": "lzw"}),
):
    keep(f"tiff/{name}.tif", tiff(samples, photometric="separated", **options), rounded.convert("RGB"))
spot = np.concatenate([np.asarray(rounded), np.full((*rgb.shape[:2], 1), 77, np.uint8)], axis=2)
keep("tiff/cmyk-spot.tif", tiff(spot, photometric="separated", extrasamples=[0]), rounded.convert("RGB"))
write("tiff/float.tif", tiff((rgb / 255).astype(np.float32), photometric="rgb"))
write("tiff/float-16.tif", tiff((rgb / 255).astype(np.float16), photometric="rgb"))
write("tiff/signed.tif", tiff(wide[:, :, 0].astype(np.int16), photometric="minisblack"))
write("tiff/32-bit.tif", tiff(wide[:, :, 0].astype(np.uint32), photometric="minisblack"))
write("tiff/preview.tif", tiff(rgb, photometric="rgb", subfiletype=1))

# Colours ----------------------------------------------------------------------------------------------------------


def fixed(value):
    return struct.pack(">i", round(value * 65_536))


def profile(columns, curve):
    """An ICC profile of red, green and blue in D50, and one curve for all."""
    tags = {}
    for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns):
        tags[name] = b"XYZ " + bytes(4) + b"".join(map(fixed, column))
    for name in (b"rTRC", b"gTRC", b"bTRC"):
        tags[name] = curve
    return packed(b"mntrRGB XYZ ", tags)


def packed(kind, more):
    """An ICC profile of these tags."""
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"Test\0" + bytes(78),
        b"wtpt": b"XYZ " + bytes(4) + b"".join(map(fixed, (0.9642, 1, 0.8249))), **more}
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content
    head = struct.pack(">IIIIII", start + len(body), 0, 0x04300000, *struct.unpack(">III", kind))
    head += bytes(12) + b"acsp" + bytes(28) + fixed(0.9642) + fixed(1) + fixed(0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


SRGB_CURVE = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + b"".join(
    map(fixed, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))
P3 = profile([(0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)], SRGB_CURVE)
ADOBE = profile(
    [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)],
    b"curv" + bytes(4) + struct.pack(">IH", 1, 0x0233))  # 2.19921875
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def converted(image, icc):
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    return ImageCms.profileToProfile(image.convert("RGB"), source, SRGB)


for name, icc in (("p3", P3), ("adobe", ADOBE)):
    for kind, ending, options in (
        ("JPEG", "jpg", {"quality": 95, "subsampling": 0}), ("PNG", "png", {}), ("WEBP", "webp", {"lossless": True}),
        ("TIFF", "tif", {}), ("HEIF", "heic", {"quality": 90, "chroma": 444}),
    ):
        data = saved(TILE, kind, icc_profile=icc, **options)
        keep_near(f"colours/{name}-{ending}.{ending}", data, converted(opened(data), icc))
name, content, boxes = coded(TILE, "AVIF", quality=90, subsampling="4:4:4")
plain = pixels_of((name, content, boxes), b"avif")
numbers = boxed(b"colr", b"nclx" + struct.pack(">HHHB", 12, 13, 6, 0x80))
keep_near("colours/p3-numbers.avif", heif(b"avif", [(name, content, boxes + [numbers])], 1), converted(plain, P3))
# Grey whose curve is not that of sRGB, and inks: a table of 5 x 5 x 5 x 5 mixtures, their colours in CIELAB of 16 bits (mft2).
GREY = packed(b"mntrGRAYXYZ ", {b"kTRC": b"curv" + bytes(4) + struct.pack(">IH", 1, round(1.5 * 256))})


def lab(light):
    """CIELAB, white at D50, of linear red, green and blue."""
    xyz = light @ np.array([(0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)])
    xyz = xyz / np.array([0.9642, 1, 0.8249])
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * root[..., 1] - 16, 500 * (root[..., 0] - root[..., 1]), 200 * (root[..., 1] - root[..., 2])], axis=-1)


c, m, y, k = np.meshgrid(*[np.linspace(0, 1, 5) ** 0.7] * 4, indexing="ij")
paper = np.array([0.93, 0.92, 0.86])
dyes = np.array([(0.9, 0.25, 0.05), (0.1, 0.85, 0.3), (0.02, 0.12, 0.9), (0.92, 0.92, 0.93)])
light = paper * np.prod([1 - ink[..., None] * dye for ink, dye in zip((c, m, y, k), dyes)], axis=0)
table = (lab(light) * [652.8, 256, 256] + [0, 32768, 32768]).round().clip(0, 65535)
line = struct.pack(">HH", 0, 65535)
A2B0 = b"mft2" + bytes(4) + bytes([4, 3, 5, 0]) + b"".join(map(fixed, np.eye(3).flatten())) + struct.pack(">HH", 2, 2)
INKS = packed(b"prtrCMYKLab ", {b"A2B0": A2B0 + line * 4 + table.astype(">u2").tobytes() + line * 3})


def as_shown(image, icc):
    return ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(io.BytesIO(icc)), SRGB, outputMode="RGB")


for name, image, icc in (("grey", TILE.convert("L"), GREY), ("inks", rounded, INKS)):
    data = saved(image, "JPEG", quality=95, icc_profile=icc)
    keep_near(f"colours/{name}-jpg.jpg", data, as_shown(opened(data), icc))
    keep_near(f"colours/{name}-tif.tif", saved(image, "TIFF", icc_profile=icc), as_shown(image, icc))
keep_near("colours/grey-png.png", saved(TILE.convert("L"), "PNG", icc_profile=GREY), as_shown(TILE.convert("L"), GREY))
data = tiff(wide[:, :, 1], photometric="minisblack", extratags=[(34675, 7, len(GREY), GREY, True)])
keep_near("colours/grey-16.tif", data, as_shown(Image.fromarray(rgb[:, :, 1].copy()), GREY))
data = tiff(inks, photometric="separated", extratags=[(34675, 7, len(INKS), INKS, True)])
keep_near("colours/inks-16.tif", data, as_shown(rounded, INKS))
# A profile of another kind of image says nothing.
keep("colours/foreign.png", saved(TILE, "PNG", icc_profile=GREY), TILE)
keep("colours/foreign.tif", saved(PHOTO.convert("L"), "TIFF", icc_profile=INKS), PHOTO.convert("L").convert("RGB"))

# Bright screens: PQ and HLG, as tones.h says, out of the standards.


def pq_light(signal):
    m1, m2, c1, c2, c3 = 1305 / 8192, 2523 / 32, 107 / 128, 2413 / 128, 2392 / 128
    power = signal ** (1 / m2)
    return 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)


def pq_signal(light):
    m1, m2, c1, c2, c3 = 1305 / 8192, 2523 / 32, 107 / 128, 2413 / 128, 2392 / 128
    power = (light / 10_000) ** m1
    return ((c1 + c2 * power) / (1 + c3 * power)) ** m2


def hlg_light(signal):
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
    return 1_000 * luminance[..., None] ** 0.2 * scene


def shown(light, to_srgb):
    """Of cd/m² for red, green and blue: white at 203, and BT.2390 from 1,000 down to it."""
    most = light.max(axis=-1, keepdims=True).clip(1e-6)
    brightest, largest = pq_signal(1_000), pq_signal(203) / pq_signal(1_000)
    knee, signal = 1.5 * largest - 0.5, pq_signal(most.clip(None, 1_000)) / brightest
    t = (signal - knee) / (1 - knee)
    curve = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * largest
    signal = np.where(signal > knee, curve, signal)
    light = (light * pq_light(signal * brightest) / most / 203) @ np.array(to_srgb).T
    light = light.clip(0, 1)
    srgb = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return Image.fromarray((srgb * 255).round().astype(np.uint8))


BT2020 = [(1.660491, -0.587641, -0.072850), (-0.124550, 1.132900, -0.008349), (-0.018151, -0.100579, 1.118730)]
P3_TO_SRGB = [(1.224940, -0.224940, 0), (-0.042057, 1.042057, 0), (-0.019638, -0.078636, 1.098274)]
# Eight bits, the numbers in a box of their own: a 203 cd/m² white paper is at 58 % of PQ, at 75 % of HLG.
for name, primaries, transfer, way, matrix in (
    ("pq", 9, 16, pq_light, BT2020), ("pq-p3", 12, 16, pq_light, P3_TO_SRGB), ("hlg", 9, 18, hlg_light, BT2020),
):
    box = boxed(b"colr", b"nclx" + struct.pack(">HHHB", primaries, transfer, 6, 0x80))
    data = heif(b"avif", [(b"av01", content, boxes + [box])], 1)
    keep_near(f"colours/{name}.avif", data, shown(way(np.asarray(plain) / 255), matrix))
# Ten and twelve bits, of which the writer's numbers are replaced.


def renumbered(data, primaries, transfer):
    place = data.index(b"nclx") + 4
    return data[:place] + struct.pack(">HH", primaries, transfer) + data[place + 4 :]


data = renumbered(deep_avif(10), 9, 16)
keep_near("colours/pq-10.avif", data, shown(pq_light(imagecodecs.avif_decode(deep_avif(10)) / 1023), BT2020))
data = deep_heic(10)
deep = np.asarray(pillow_heif.open_heif(data, convert_hdr_to_8bit=False)) / 65535
keep_near("colours/hlg-10.heic", renumbered(data, 9, 18), shown(hlg_light(deep), BT2020))
data = saved(GLASS, "AVIF", quality=90, subsampling="4:4:4")
glass = opened(data)
seen = shown(pq_light(np.asarray(glass)[:, :, :3] / 255), BT2020)
seen.putalpha(glass.getchannel("A"))
keep_near("colours/pq-alpha.avif", renumbered(data, 9, 16), over_white(seen))
# A profile of sRGB changes nothing, and one that is damaged neither.
data = saved(TILE, "PNG", icc_profile=SRGB.tobytes())
keep("colours/srgb.png", data, TILE)
keep("colours/damaged.png", saved(TILE, "PNG", icc_profile=P3[:200] + bytes(300)), TILE)

write("formats.txt", ("\n".join(golden) + "\n").encode())

#!/usr/bin/env python3
"""Makes the golden files beside it: small images of every kind, and the grey that OpenCV and Pillow read from them.

Needs python3-opencv, python3-numpy, python3-pil, libtiff-tools. Run in this folder; the files are committed, so this is
only needed to change them. expected.csv names the picture expected of
each file (*.grey, one byte a pixel) and its form.
"""
import struct
import subprocess
import zlib

import cv2
import numpy as np
from PIL import Image

random = np.random.default_rng(20040)
expected = []
greys = {}


def smooth(width, height, top):
    y, x = np.mgrid[0:height, 0:width]
    wave = 0.5 + 0.5 * np.sin(x / 5.0 + y / 9.0) * np.cos(y / 4.0)
    return np.clip(wave * top + random.normal(0, top / 25, (height, width)), 0, top)


def to8(grey16):
    return np.floor(grey16.astype(np.float64) * 255 / 65535 + 0.5).astype(np.uint8)


def expect(name, grey, channels, bits):
    assert grey.dtype == np.uint8
    content = grey.tobytes()
    if content not in greys:
        greys[content] = name + ".grey"
        grey.tofile(greys[content])
    expected.append(f"{name},{greys[content]},{grey.shape[1]},{grey.shape[0]},{bits},{channels}")


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(name, rows_of_pass, width, height, bits, colour, interlaced, extra=b""):
    """A PNG by hand: filters go round 0 to 4; rows_of_pass are lists of unfiltered rows (bytes)."""
    step = max(1, {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour] * bits // 8)
    raw = bytearray()
    for rows in rows_of_pass:
        above = bytes(len(rows[0])) if rows else b""
        for y, row in enumerate(rows):
            kind = y % 5
            raw.append(kind)
            for i, value in enumerate(row):
                a = row[i - step] if i >= step else 0
                b = above[i]
                c = above[i - step] if i >= step else 0
                if kind == 4:
                    p = a + b - c
                    guess = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
                else:
                    guess = (0, a, b, (a + b) // 2)[kind]
                raw.append((value - guess) & 255)
            above = row
    packed = zlib.compress(bytes(raw), 9)
    half = len(packed) // 2
    with open(name, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced))
                + extra + chunk(b"tEXt", b"Comment\0golden") + chunk(b"IDAT", packed[:half]) + chunk(b"IDAT", packed[half:]) + chunk(b"IEND", b""))


def pack(samples, bits):
    """Rows of samples [height, width * channels] as bytes."""
    if bits == 16:
        return [row.astype(">u2").tobytes() for row in samples]
    if bits == 8:
        return [row.astype(np.uint8).tobytes() for row in samples]
    out = []
    for row in samples:
        text = "".join(format(int(v), f"0{bits}b") for v in row)
        text += "0" * (-len(text) % 8)
        out.append(bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8)))
    return out


PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png_both(name, image, bits, colour, grey, extra=b""):
    """The same picture plain and interlaced; image is [height, width, channels]."""
    height, width, channels = image.shape
    for interlaced in (0, 1):
        if interlaced:
            parts = [image[y::dy, x::dx] for x, y, dx, dy in PASSES]
        else:
            parts = [image]
        rows = [pack(p.reshape(p.shape[0], -1), bits) for p in parts if p.size]
        file = f"{name}{'-interlaced' if interlaced else ''}.png"
        png(file, rows, width, height, bits, colour, interlaced, extra)
        # An independent reader must agree that the file is what it was meant to be.
        read = cv2.imread(file, cv2.IMREAD_UNCHANGED)
        if colour != 3 and bits >= 8 and channels != 2:
            order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
            assert (read.reshape(height, width, -1)[:, :, order] == image).all(), file
        Image.open(file).load()
        expect(file, grey, channels, bits)


W, H = 29, 23
g8 = smooth(W, H, 255).astype(np.uint8)
g16 = smooth(W, H, 65535).astype(np.uint16)
rgb8 = np.dstack([smooth(W, H, 255) for _ in range(3)]).astype(np.uint8)
rgb16 = np.dstack([smooth(W, H, 65535) for _ in range(3)]).astype(np.uint16)
a8 = random.integers(0, 256, (H, W), dtype=np.uint8)
a16 = random.integers(0, 65536, (H, W), dtype=np.uint16)
grey_of_rgb8 = cv2.cvtColor(rgb8, cv2.COLOR_RGB2GRAY)
grey_of_rgb16 = cv2.cvtColor(rgb16, cv2.COLOR_RGB2GRAY)

png_both("grey8", g8[:, :, None], 8, 0, g8)
png_both("grey16", g16[:, :, None], 16, 0, to8(g16))
png_both("rgb8", rgb8, 8, 2, grey_of_rgb8)
png_both("rgb16", rgb16, 16, 2, to8(grey_of_rgb16))
png_both("greyalpha8", np.dstack([g8, a8]), 8, 4, g8)
png_both("greyalpha16", np.dstack([g16, a16]), 16, 4, to8(g16))
png_both("rgba8", np.dstack([rgb8, a8]), 8, 6, grey_of_rgb8)
png_both("rgba16", np.dstack([rgb16, a16]), 16, 6, to8(grey_of_rgb16))
for bits in (1, 2, 4):
    top = (1 << bits) - 1
    samples = np.rint(smooth(W, H, top)).astype(np.uint8)
    file_grey = (samples.astype(int) * 255 // top).astype(np.uint8)
    png_both(f"grey{bits}", samples[:, :, None], bits, 0, file_grey)
    assert (np.array(Image.open(f"grey{bits}.png").convert("L")) == file_grey).all()
for bits in (1, 2, 4, 8):
    entries = min(1 << bits, 200)
    palette = random.integers(0, 256, (entries, 3), dtype=np.uint8)
    indices = random.integers(0, entries, (H, W), dtype=np.uint8)
    grey = cv2.cvtColor(palette[indices], cv2.COLOR_RGB2GRAY)
    png_both(f"palette{bits}", indices[:, :, None], bits, 3, grey, chunk(b"PLTE", palette.tobytes()) + chunk(b"tRNS", b"\0\x80"))

# JPEG: what libjpeg reads. Another inverse transform may differ by a step or two.
big8 = smooth(61, 45, 255).astype(np.uint8)
bigrgb = np.dstack([smooth(61, 45, 255) for _ in range(3)]).astype(np.uint8)
bigrgb = cv2.GaussianBlur(bigrgb, (0, 0), 3)
for name, image, options in [
    ("grey", big8, {}), ("grey-progressive", big8, {"progressive": True}),
    ("rgb444", bigrgb, {"subsampling": 0}), ("rgb420", bigrgb, {"subsampling": 2}), ("rgb-progressive", bigrgb, {"subsampling": 0, "progressive": True}),
]:
    file = f"{name}.jpg"
    Image.fromarray(image).save(file, quality=92, **options)
    read = np.array(Image.open(file))
    expect(file, read if read.ndim == 2 else cv2.cvtColor(read, cv2.COLOR_RGB2GRAY), 1 if image.ndim == 2 else 3, 8)

# TIFF: one plain file of each pixel kind by OpenCV or Pillow, recoded by libtiff's tiffcp.
Image.fromarray(g8).save("t-grey8.tif")
cv2.imwrite("t-grey16.tif", g16, [cv2.IMWRITE_TIFF_COMPRESSION, 1])
Image.fromarray(rgb8).save("t-rgb8.tif")
cv2.imwrite("t-rgb16.tif", rgb16[:, :, ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 1])
Image.fromarray(np.dstack([rgb8, a8])).save("t-rgba8.tif")
table = random.integers(0, 256, (256, 3), dtype=np.uint8)
pal = Image.fromarray(g8, "P")
pal.putpalette(table.tobytes())
pal.save("t-palette8.tif")
kinds = {
    "grey8": (g8, 1, 8), "grey16": (to8(g16), 1, 16), "rgb8": (grey_of_rgb8, 3, 8), "rgb16": (to8(grey_of_rgb16), 3, 16),
    "rgba8": (grey_of_rgb8, 4, 8), "palette8": (cv2.cvtColor(table[g8], cv2.COLOR_RGB2GRAY), 1, 8),
}
layouts = {
    "none": ["-c", "none", "-r", "7"], "lzw": ["-c", "lzw", "-r", "7"], "lzw2": ["-c", "lzw:2", "-r", "100"], "zip2-big": ["-c", "zip:2", "-B", "-r", "5"],
    "zip": ["-c", "zip", "-r", "23"], "packbits": ["-c", "packbits", "-r", "4"], "tiles": ["-c", "lzw:2", "-t", "-w", "16", "-l", "16"],
    "tiles-big": ["-c", "none", "-B", "-t", "-w", "32", "-l", "16"],
}
for kind, (grey, channels, bits) in kinds.items():
    expect(f"t-{kind}.tif", grey, channels, bits)
    for layout, options in layouts.items():
        if layout.endswith("2") and kind == "palette8":
            options = [o.replace(":2", "") for o in options]
        subprocess.run(["tiffcp", *options, f"t-{kind}.tif", f"t-{kind}-{layout}.tif"], check=True, stderr=subprocess.DEVNULL)
        expect(f"t-{kind}-{layout}.tif", grey, channels, bits)

# Long enough for LZW codes of 12 bits and a full table.
noise = random.integers(0, 64, (90, 101), dtype=np.uint8)
Image.fromarray(noise).save("t-noise.tif", compression="tiff_lzw")
expect("t-noise.tif", noise, 1, 8)

# White is zero: libtiff keeps samples as stored, so the tag alone turns the picture round (both bits, by hand).
for bits, image in ((8, g8), (16, g16)):
    body = image.astype("<u2" if bits == 16 else np.uint8).tobytes()
    tags = [(256, 3, W), (257, 3, H), (258, 3, bits), (259, 3, 1), (262, 3, 0), (273, 4, 8), (277, 3, 1), (278, 3, H), (279, 4, len(body))]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in tags) + struct.pack("<I", 0)
    with open(f"t-white-is-zero{bits}.tif", "wb") as f:
        f.write(b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory)
    expect(f"t-white-is-zero{bits}.tif", 255 - g8 if bits == 8 else to8(65535 - g16), 1, bits)
assert (np.array(Image.open("t-white-is-zero8.tif").convert("L")) == 255 - g8).all()

# Area interpolation: OpenCV itself. Sources are made by a rule that the test repeats: (x * 7 + y * 13 + x * y) mod 256, 8 bits of a product.
with open("resize.csv", "w", encoding="ascii") as f:
    f.write("width,height,toWidth,toHeight,crc32\n")
    for width, height, to_width, to_height in [
        (512, 512, 369, 369), (600, 400, 369, 369), (370, 369, 369, 369), (1024, 737, 369, 369), (738, 738, 369, 369), (738, 1107, 369, 369),
        (369, 512, 369, 369), (100, 90, 369, 369), (300, 369, 369, 369), (512, 200, 369, 369), (200, 512, 369, 369), (1, 1, 369, 369), (2, 700, 369, 369),
        (63, 41, 17, 11), (64, 48, 16, 12), (9, 7, 20, 16), (1, 500, 1, 3), (4000, 3, 369, 2), (369, 369, 512, 512), (369, 369, 192, 192),
    ]:
        y, x = np.mgrid[0:height, 0:width].astype(np.int64)
        source = (((x * 2654435761 + y * 40503 + x * y * 97) >> 5) & 255).astype(np.uint8)
        resized = cv2.resize(source, (to_width, to_height), interpolation=cv2.INTER_AREA)
        f.write(f"{width},{height},{to_width},{to_height},{zlib.crc32(resized.tobytes()):08x}\n")

with open("expected.csv", "w", encoding="ascii") as f:
    f.write("file,grey,width,height,bits,channels\n" + "\n".join(expected) + "\n")

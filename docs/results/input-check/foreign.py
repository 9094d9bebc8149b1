"""Gathers pictures that are no upright axial chest slices in a lung window, none of which takes part in any training.

    python3 foreign.py PACKAGES DICOM OUT

PACKAGES holds Debian's packages opencv-doc, mate-backgrounds, mricron-data, python3-skimage, insighttoolkit5-examples, tuxpaint-stamps-default,
openclipart-png and libvigraimpex-doc, fetched with `apt-get download` and unpacked with `dpkg-deb -x PACKAGE PACKAGES`; DICOM holds the chest slices
that are turned and inverted: a CT of fo-dicom's test data (MS-PL) and two of lungmask's (Apache-2.0), as fodicom_ct.dcm, lungmask_0.dcm,
lungmask_1.dcm. Standard library only.

OUT/first are the pictures that an earlier, rejected method was examined with too, and what that one missed led to some of the kinds that the check
learns. Those of OUT/second were chosen later, from other sources, and those of OUT/third when the check was made and shipped: drawn by lot where there
are many. Those of OUT/fourth were chosen before the check of the weights 2026.3 was made, for the kinds that one would upload by mistake: slices
turned, mirrored, inverted and blank, heads in other planes. OUT/upright are the chest slices as they are.
"""
import array
import gzip
import math
import pathlib
import random
import shutil
import struct
import sys
import zlib

NATURE = ["Garden", "Dune", "Wood", "Aqua", "TwoWings", "Storm", "GreenMeadow", "Blinds", "LadyBird", "YellowFlower"]
EXAMPLES = {"photo": ["data/fruits.jpg", "data/baboon.jpg", "data/left11.jpg", "data/apple.jpg", "data/orange.jpg", "data/messi5.jpg", "data/aloeL.jpg", "reg/home.png",
                       "dnn_superres/butterfly.png", "alphamat/input_images/plant.jpg"],
            "sign": [f"text/scenetext0{number}.jpg" for number in range(1, 7)]}
SKIMAGE = {"photo": ["astronaut.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "rocket.jpg", "motorcycle_left.png", "clock_motion.png",
                     "hubble_deep_field.jpg", "moon.png"],
           "texture": ["brick.png", "grass.png", "gravel.png"],
           "page": ["page.png", "text.png", "bw_text.png", "logo.png"],
           "microscopy": ["cell.png", "ihc.png", "retina.jpg"],
           "head": ["phantom.png"],
           "drawing": ["chessboard_GRAY.png", "horse.png"]}
ITK = {"head": ["BrainProtonDensitySlice256x256", "BrainT1Slice", "BrainProtonDensitySliceBorder20", "BrainProtonDensitySliceRotated10", "BrainMidSagittalSlice",
                "VisibleWomanHeadSlice", "VisibleWomanEyeSlice"],
       "limb": ["FatMRISlice"],
       "drawing": ["BinaryImage", "Circle", "DiagonalLines", "FivePoints", "HoughTransformTwoCircles", "VentricleModel"]}
HEADS = {"ch2": [0.35, 0.45, 0.55, 0.65, 0.75], "inia19-t1-brain": [0.4, 0.5, 0.6]}
ATLASES = {"ch2better": [0.3, 0.5, 0.7], "ch2bet": [0.6], "aal": [0.5], "AICHAmc": [0.5]}
LOTS = {"clipping": (12, "usr/share/tuxpaint/stamps"), "drawing": (12, "usr/share/openclipart/png"), "figure": (6, "usr/share/doc/libvigraimpex-dev/html")}
PLANES = {"ch2": [(0, 0.4), (0, 0.5), (1, 0.4), (1, 0.6), (2, 0.85)], "inia19-t1-brain": [(0, 0.5), (1, 0.5), (2, 0.7)]}     # Sagittal, coronal, axial.
MIN_BYTES, MAX_BYTES = 5_000, 500_000      # Smaller ones are icons and lines of text; larger ones may be refused as uploads.
WINDOWS = {"soft-tissue": (-160, 240), "bone": (-450, 1050)}    # Lowest and highest HU.
SIDE = 400


def write_png(path, rows):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    lines = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b""))


def head(path, share, plane=2):
    """A slice of an MR volume in NIfTI format, upright, in a square of black."""
    data = gzip.open(path).read()
    width, height, depth = struct.unpack("<3h", data[42:48])
    numbers = array.array({2: "B", 4: "h", 16: "f", 512: "H"}[struct.unpack("<h", data[70:72])[0]])
    start = int(struct.unpack("<f", data[108:112])[0])
    numbers.frombytes(data[start:start + width * height * depth * numbers.itemsize])
    white = max(1, sorted(numbers[::97])[-len(numbers) // 97 // 200])
    sizes, steps = [width, height, depth], [1, width, width * height]
    across, down = [axis for axis in range(3) if axis != plane]
    wide, high, at = sizes[across], sizes[down], int(share * sizes[plane]) * steps[plane]
    side = max(wide, high)
    rows = [bytearray(side) for _ in range(side)]
    for row in range(high):
        first = at + (high - 1 - row) * steps[down]
        line = (numbers[first + column * steps[across]] for column in range(wide))
        rows[(side - high) // 2 + row][(side - wide) // 2:(side - wide) // 2 + wide] = bytes(max(0, min(255, int(value * 255 / white))) for value in line)
    return rows


def window(path, low=-1150, high=130):
    """The pixels of an uncompressed 16-bit CT slice, low to high HU as grey values."""
    data = path.read_bytes()
    side = 512
    pixels = array.array("h")
    pixels.frombytes(data[-2 * side * side:])
    intercept = float(value_of(data, 0x0028, 0x1052) or 0)
    grey = [max(0, min(255, int((value + intercept - low) * 255 / (high - low)))) for value in pixels]
    return [bytes(grey[row * side:(row + 1) * side]) for row in range(side)]


def value_of(data, group, element):
    at = data.find(struct.pack("<HH", group, element))
    if at < 0:
        return None
    explicit = data[at + 4:at + 6].isalpha()
    length = struct.unpack("<H", data[at + 6:at + 8])[0] if explicit else struct.unpack("<I", data[at + 4:at + 8])[0]
    return data[at + 8:at + 8 + length].decode("ascii").strip("\0 ")


def turned(rows, times):
    for _ in range(times):
        rows = [bytes(column) for column in zip(*rows[::-1])]
    return rows


def second(packages, out):
    out.mkdir(parents=True, exist_ok=True)
    for kind, names in SKIMAGE.items():
        for name in names:
            shutil.copy(packages / "usr/lib/python3/dist-packages/skimage/data" / name, out / f"{kind}-{name}")
    for kind, names in ITK.items():
        for name in names:
            shutil.copy(packages / f"usr/share/doc/insighttoolkit5-examples/examples/Data/{name}.png", out / f"{kind}-{name}.png")
    print(len(list(out.iterdir())), "pictures of the second exam")


def upright(dicom, out):
    """The slices as they are, which is no exam: none of them may be warned about."""
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(dicom.glob("*.dcm")):
        write_png(out / f"upright-{path.stem}.png", window(path))


def third(packages, slices, out):
    out.mkdir(parents=True, exist_ok=True)
    lot = random.Random(11)
    for kind, (number, folder) in LOTS.items():
        pictures = sorted(path for path in (packages / folder).rglob("*.png") if path.is_file() and MIN_BYTES < path.stat().st_size < MAX_BYTES)
        for path in lot.sample(pictures, number):
            shutil.copy(path, out / f"{kind}-{path.name}")
    for volume, shares in ATLASES.items():
        for share in shares:
            write_png(out / f"head-{volume}-{share}.png", head(packages / f"usr/share/mricron/templates/{volume}.nii.gz", share))
    for path in slices:
        for name, (low, high) in WINDOWS.items():
            write_png(out / f"window-{name}-{path.stem}.png", window(path, low, high))
        write_png(out / f"upended-{path.stem}.png", window(path)[::-1])
    cells = {cell: [[lot.randrange(256) for _ in range(SIDE // cell + 2)] for _ in range(SIDE // cell + 2)] for cell in (4, 16, 64)}
    smooth = lambda cell: lambda x, y: mixed(cells[cell], x / cell, y / cell)
    drawn = {f"noise-{cell}": smooth(cell) for cell in cells} | {
        "noise-salt": lambda x, y: 255 * (lot.random() < 0.02), "pattern-stripes": lambda x, y: 255 * (x // 20 % 2), "pattern-board": lambda x, y: 255 * ((x // 50 + y // 50) % 2),
        "pattern-rings": lambda x, y: int(((x - SIDE / 2) ** 2 + (y - SIDE / 2) ** 2) ** 0.5 * 8) % 256, "pattern-ramp": lambda x, y: (x + y) * 255 // (2 * SIDE),
    }
    for name, grey in drawn.items():
        write_png(out / f"{name}.png", [bytes(grey(x, y) for x in range(SIDE)) for y in range(SIDE)])
    print(len(list(out.iterdir())), "pictures of the third exam")


def fourth(packages, slices, out):
    out.mkdir(parents=True, exist_ok=True)
    lot = random.Random(13)
    examples = packages / "usr/share/doc/opencv-doc/examples"
    # A dozen pairs of the same chessboard, and what the first exam has.
    taken = ("left", "right", *(pathlib.Path(path).stem for paths in EXAMPLES.values() for path in paths))
    photos = [path for path in sorted((examples / "data").glob("*.jpg")) if not path.stem.startswith(taken) and MIN_BYTES < path.stat().st_size < MAX_BYTES]
    for path in lot.sample(photos, 12):
        shutil.copy(path, out / f"photo-{path.name}")
    figures = sorted(path for path in (packages / "usr/share/openclipart/png").rglob("*.png") if path.is_file() and MIN_BYTES < path.stat().st_size < MAX_BYTES)
    for path in lot.sample(figures, 8):
        shutil.copy(path, out / f"drawing-{path.name}")
    for volume, planes in PLANES.items():
        for plane, share in planes:
            write_png(out / f"head-{volume}-{plane}-{share}.png", head(packages / f"usr/share/mricron/templates/{volume}.nii.gz", share, plane))
    for path in slices:
        upright = window(path)
        for degrees in (45, 135, 225):
            write_png(out / f"turned-{degrees}-{path.stem}.png", rotated(upright, degrees))
        write_png(out / f"turned-mirrored-{path.stem}.png", [bytes(column) for column in zip(*upright)])
        inverted = [bytes(255 - grey for grey in row) for row in upright]
        write_png(out / f"inverted-mirrored-{path.stem}.png", [row[::-1] for row in inverted])
        write_png(out / f"inverted-upended-{path.stem}.png", inverted[::-1])
        write_png(out / f"inverted-pale-{path.stem}.png", [bytes(64 + grey // 2 for grey in row) for row in inverted])
    cells = {cell: [[lot.randrange(256) for _ in range(SIDE // cell + 2)] for _ in range(SIDE // cell + 2)] for cell in (8, 32)}
    lines = [lot.randrange(256) for _ in range(SIDE)]
    drawn = {
        "blank-dark": lambda x, y: 40, "blank-light": lambda x, y: 210, "blank-halves": lambda x, y: 255 * (x < SIDE // 2),
        "blank-frame": lambda x, y: 255 * (min(x, y, SIDE - 1 - x, SIDE - 1 - y) < 6),
        "noise-8": lambda x, y: mixed(cells[8], x / 8, y / 8), "noise-32": lambda x, y: mixed(cells[32], x / 32, y / 32),
        "noise-lines": lambda x, y: lines[y], "noise-pepper": lambda x, y: 255 * (lot.random() > 0.2),
    }
    for name, grey in drawn.items():
        write_png(out / f"{name}.png", [bytes(grey(x, y) for x in range(SIDE)) for y in range(SIDE)])
    print(len(list(out.iterdir())), "pictures of the fourth exam")


def rotated(rows, degrees):
    """Turned about the centre; what comes from outside is black."""
    side, cosine, sine = len(rows), math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    middle = (side - 1) / 2

    def grey(x, y):
        column, row = round(middle + cosine * (x - middle) + sine * (y - middle)), round(middle - sine * (x - middle) + cosine * (y - middle))
        return rows[row][column] if 0 <= column < side and 0 <= row < side else 0

    return [bytes(grey(x, y) for x in range(side)) for y in range(side)]


def mixed(cells, x, y):
    """Between the four values around a place."""
    column, row = int(x), int(y)
    right, down = x - column, y - row
    above = cells[row][column] * (1 - right) + cells[row][column + 1] * right
    below = cells[row + 1][column] * (1 - right) + cells[row + 1][column + 1] * right
    return int(above * (1 - down) + below * down)


def main():
    packages, dicom, root = map(pathlib.Path, sys.argv[1:4])
    second(packages, root / "second")
    out = root / "first"
    out.mkdir(parents=True, exist_ok=True)
    for name in NATURE:
        shutil.copy(packages / f"usr/share/backgrounds/mate/nature/{name}.jpg", out / f"photo-{name}.jpg")
    for kind, paths in EXAMPLES.items():
        for path in paths:
            shutil.copy(packages / "usr/share/doc/opencv-doc/examples" / path, out / f"{kind}-{pathlib.Path(path).name}")
    for volume, shares in HEADS.items():
        for share in shares:
            write_png(out / f"head-{volume}-{share}.png", head(packages / f"usr/share/mricron/templates/{volume}.nii.gz", share))
    upright(dicom, root / "upright")
    # Two of the files are one picture.
    slices = {tuple(window(path)): path for path in sorted(dicom.glob("*.dcm"), reverse=True)}
    third(packages, slices.values(), root / "third")
    fourth(packages, slices.values(), root / "fourth")
    for rows, path in slices.items():
        for times in (1, 2, 3):
            write_png(out / f"turned-{90 * times}-{path.stem}.png", turned(rows, times))
        write_png(out / f"inverted-{path.stem}.png", [bytes(255 - grey for grey in row) for row in rows])
    rng = random.Random(7)
    drawn = {
        "noise-even": lambda x, y: rng.randrange(256), "noise-normal": lambda x, y: max(0, min(255, int(rng.gauss(128, 40)))),
        "noise-dots": lambda x, y: 255 * (rng.random() < 0.5), "noise-dark": lambda x, y: max(0, min(255, int(rng.gauss(30, 15)))),
        "blank-black": lambda x, y: 0, "blank-white": lambda x, y: 255, "blank-grey": lambda x, y: 127, "blank-ramp": lambda x, y: x * 255 // SIDE,
    }
    for name, grey in drawn.items():
        write_png(out / f"{name}.png", [bytes(grey(x, y) for x in range(SIDE)) for y in range(SIDE)])
    print(len(list(out.iterdir())), "pictures of the first exam")


if __name__ == "__main__":
    main()

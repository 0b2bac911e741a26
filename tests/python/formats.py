"""Formats as other programs see them. NumPy reads the .npz that limn writes and limn what NumPy writes; npz to ndjson and
back keeps whole-number strokes exactly; a hand-written SVG with arcs, transforms, relative commands and nested groups,
read by limn, covers the pixels that rsvg-convert draws.

Usage: formats.py LIMN, the built program. Ends with 77 where NumPy is missing; what needs rsvg-convert is skipped aloud."""

import json
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

try:
    import numpy as np
except ImportError as error:
    print(f"SKIPPED formats: {error}; install python3-numpy to run it")
    sys.exit(77)

SIZE = 240  # of the drawing, in pixels and user units
PEN = 3
TOLERANCE = 1.5  # pixels between a point of one picture and the nearest of the other: half the pen, flattening, rounding

DRAWING = """
  <g transform="translate(20 12) rotate(7)">
    <path d="M10,10 h40 v30 h-40 z m60 0 l25 40 10-40"/>
    <g transform="scale(1.5,0.8)">
      <path d="M12 80 a18 30 25 1 1 40 12 A 20 20 0 0 0 90 70 a1 1 0 1 0 30 0"/>
      <g transform="matrix(0.9 0.2 -0.3 1.1 5 -4) skewX(12)">
        <path d="m10 130c20-40 40 40 60 0s40-40 60 0q10 30 20 0t20 0T170 170"/>
        <circle cx="150" cy="60" r="16.5"/>
      </g>
    </g>
    <ellipse cx="40" cy="170" rx="30" ry="12" transform="rotate(-20 40 170)"/>
    <rect x="95" y="150" width="70" height="38" rx="9"/>
    <polyline points="100,20 115,35 130,20 145,35"/>
    <polygon points="170 20,200 30,190 60"/>
    <line x1="150" y1="70" x2="205" y2="95"/>
  </g>
"""


def run(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout


def ragged(lengths, random, dtype=np.int16):
    split = np.empty(len(lengths), dtype=object)
    for i, points in enumerate(lengths):
        rows = np.concatenate([random.integers(-90, 90, (points, 2)), random.random((points, 1)) < 0.3], axis=1)
        rows[-1, 2] = 1
        split[i] = rows.astype(dtype)
    return split


def same(a, b):
    return len(a) == len(b) and all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in zip(a, b))


def check_npz(limn, folder):
    random = np.random.default_rng(9)
    splits = {"train": ragged([5, 9, 1, 33], random), "valid": ragged([4], random), "test": ragged([7, 2], random)}
    np.savez_compressed(folder / "theirs.npz", **splits)
    run(limn, "data", "convert", folder / "theirs.npz", "-o", folder / "ours.npz")
    ours = np.load(folder / "ours.npz", allow_pickle=True, encoding="latin1")
    assert sorted(ours.files) == ["test", "train", "valid"], ours.files
    for name, split in splits.items():
        assert ours[name].dtype == object and same(ours[name], split), name
    floats = np.empty(1, dtype=object)
    floats[0] = np.array([[0.25, -1.5, 0], [3, 0.125, 1]], dtype=np.float32)
    np.savez(folder / "floats.npz", train=floats)
    run(limn, "data", "convert", folder / "floats.npz", "-o", folder / "ours.npz")
    assert same(np.load(folder / "ours.npz", allow_pickle=True)["train"], floats)
    return "NumPy reads our .npz: 3 splits, int16 and float32, equal"


def strokes_of(sketch):
    """Absolute strokes that begin at the top left corner."""
    points = np.cumsum(sketch[:, :2].astype(int), axis=0)
    points -= points.min(axis=0)
    return [part.tolist() for part in np.split(points, np.flatnonzero(sketch[:, 2]) + 1) if len(part)]


def check_ndjson(limn, folder):
    # QuickDraw's numbers are 0-255: steps small enough that every drawing fits and is only moved.
    random = np.random.default_rng(4)
    splits = {"train": ragged([5, 9, 1, 2], random)}
    for sketch in splits["train"]:
        sketch[:, :2] //= 9
    np.savez(folder / "theirs.npz", **splits)
    run(limn, "data", "convert", folder / "theirs.npz", "-o", folder / "there.ndjson", "--word", "walk")
    run(limn, "data", "convert", folder / "there.ndjson", "-o", folder / "back.npz")
    lines = [json.loads(line) for line in (folder / "there.ndjson").read_text().splitlines()]
    back = np.load(folder / "back.npz", allow_pickle=True)["train"]
    assert len(lines) == len(back) == 4
    for sketch, line, again in zip(splits["train"], lines, back):
        assert line["word"] == "walk"
        assert [np.transpose(stroke).tolist() for stroke in line["drawing"]] == strokes_of(sketch)
        assert strokes_of(again) == strokes_of(sketch)
    return "npz to ndjson and back: 4 sketches, strokes equal"


def read_png(path):
    """Grey levels, 255 for paper, of an 8-bit RGB or RGBA picture that is not interlaced."""
    data, at, body = Path(path).read_bytes(), 8, b""
    while at < len(data):
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        chunk = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunk)
            assert depth == 8 and colour in (2, 6) and interlace == 0
        elif kind == b"IDAT":
            body += chunk
        at += length + 12
    channels = 3 if colour == 2 else 4
    rows = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, 1 + width * channels)
    picture = np.zeros((height, width * channels), np.int64)
    for y in range(height):
        above = picture[y - 1] if y else np.zeros(width * channels, np.int64)
        for x in range(width * channels):
            left = picture[y, x - channels] if x >= channels else 0
            corner = above[x - channels] if x >= channels else 0
            guess = left + above[x] - corner
            near = min((abs(guess - left), 0, left), (abs(guess - above[x]), 1, above[x]), (abs(guess - corner), 2, corner))
            added = (0, left, above[x], (left + above[x]) // 2, near[2])[rows[y, 0]]
            picture[y, x] = (rows[y, 1 + x] + added) & 255
    return picture.reshape(height, width, channels)[:, :, 0]


def render(folder, name, content):
    style = f'fill="none" stroke="black" stroke-width="{PEN}" stroke-linecap="round" stroke-linejoin="round"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}" viewBox="0 0 {SIZE} {SIZE}">'
    (folder / name).write_text(f"{svg}<g {style}>{content}</g></svg>")
    run("rsvg-convert", "--background-color", "white", "-o", folder / (name + ".png"), folder / name)
    return read_png(folder / (name + ".png")) < 128


def farthest(some, others):
    """The greatest distance from a dark pixel of one picture to the nearest of the other."""
    a, b = np.argwhere(some), np.argwhere(others)
    return max(np.sqrt(((b - point) ** 2).sum(1).min()) for point in a)


def check_svg(limn, folder):
    if not shutil.which("rsvg-convert"):
        print("SKIPPED formats, the SVG part: rsvg-convert is not here; apt install librsvg2-bin to run it")
        return "SVG: skipped"
    expected = render(folder, "drawing.svg", DRAWING)
    run(limn, "data", "convert", folder / "drawing.svg", "-o", folder / "strokes.json")
    (sketch,) = json.loads((folder / "strokes.json").read_text())
    lines = [" ".join(f"{x:.3f},{y:.3f}" for x, y in stroke) for stroke in sketch]
    found = render(folder, "strokes.svg", "".join(f'<polyline points="{line}"/>' for line in lines))
    missing, added = farthest(expected, found), farthest(found, expected)
    assert added <= TOLERANCE, f"limn drew {added:.1f} pixels away from what rsvg-convert draws"
    assert missing <= TOLERANCE, f"limn left out what rsvg-convert draws {missing:.1f} pixels away"
    return f"SVG as rsvg-convert draws it: {expected.sum()} dark pixels, {missing:.1f} and {added:.1f} pixels apart at most"


def main():
    limn = sys.argv[1]
    for check in (check_npz, check_ndjson, check_svg):
        with tempfile.TemporaryDirectory() as folder:
            print(check(limn, Path(folder)))


if __name__ == "__main__":
    main()

"""Draws pictures of the picture-book world from a seed, with exact labels.

A picture has one to three things, each of a kind and a color, in one of eight scenes. A thing may
be anywhere in the picture.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from fiftyone_faiss.demo.objects import COLORS, DRAWINGS, Pen, shade
from fiftyone_faiss.demo.scenes import BACKGROUNDS, SCENES

KINDS = tuple(DRAWINGS)
COLOR_NAMES = tuple(COLORS)
SCENE_NAMES = tuple(SCENES)

SIZE = 224
LABELS_FILE = "pictures.json"
NEAR_DUPLICATE_KINDS = ("crop", "brightness", "jpeg", "flip")
NEAR_DUPLICATE_SHARE = 0.05
Wanted = tuple[tuple[str, str], ...]
# A scene and the kinds and colors in it. They are drawn often, so that the demo's queries match.
FEATURED: tuple[tuple[str, Wanted], ...] = (
    ("highway", (("car", "red"),)),
    ("park", (("dog", "black"), ("ball", "red"))),
    ("snow", (("cat", "white"),)),
    ("beach", (("person", "blue"),)),
)
FEATURED_EVERY = 25

# Pictures are drawn larger by this factor and scaled down, so that edges are smooth.
SCALE = 2
# The range of the side of a thing as a part of the picture's, by the number of things.
_SIDES = {1: (0.42, 0.62), 2: (0.36, 0.5), 3: (0.3, 0.42)}


@dataclass(frozen=True)
class Thing:
    """A thing in a picture.

    Attributes:
        kind: one of ``KINDS``
        color: one of ``COLOR_NAMES``; for a person, the color of the clothes
        box: ``(left, top, width, height)`` as parts of the picture's side; the smallest box around
            the drawing
    """

    kind: str
    color: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Picture:
    """A drawn picture with its labels.

    Attributes:
        image: ``SIZE`` x ``SIZE`` RGB
        scene: one of ``SCENE_NAMES``
        things: one to three
    """

    image: Image.Image
    scene: str
    things: tuple[Thing, ...]


def draw_picture(
    rng: np.random.Generator,
    count: int | None = None,
    scene: str | None = None,
    wanted: Wanted = (),
    background: Image.Image | None = None,
) -> Picture:
    """Draws one picture.

    Args:
        rng: the source of all random choices
        count (None): the number of things; by default, one to three
        scene (None): one of ``SCENE_NAMES``; by default, a random scene
        wanted (()): kinds and colors of the first things; those of the others are random
        background (None): what :func:`draw_background` returned for the scene; by default, a new
            background is drawn
    """
    number = max(len(wanted), int(rng.integers(1, 4)) if count is None else count)
    scene = str(rng.choice(SCENE_NAMES)) if scene is None else scene
    side = SIZE * SCALE
    image = BACKGROUNDS[scene](side, rng) if background is None else background.copy()
    things = []
    for i, (left, top, part) in enumerate(_places(rng, number)):
        if i < len(wanted):
            kind, color = wanted[i]
        else:
            kind, color = str(rng.choice(KINDS)), str(rng.choice(COLOR_NAMES))
        layer = draw_thing(rng, kind, color, int(part * side))
        image.paste(layer, (int(left * side), int(top * side)), layer)
        box = (int(left * side), int(top * side), layer.width, layer.height)
        things.append(Thing(kind, color, tuple(round(v / side, 4) for v in box)))  # type: ignore[arg-type]
    return Picture(image.reduce(SCALE), scene, tuple(things))


def draw_background(rng: np.random.Generator, scene: str, side: int = SIZE) -> Image.Image:
    """Draws the background of a picture of ``side`` pixels, before it is scaled down."""
    return BACKGROUNDS[scene](side * SCALE, rng)


def _places(rng: np.random.Generator, number: int) -> list[tuple[float, float, float]]:
    """Returns squares ``(left, top, side)`` in the picture that overlap little."""
    while True:
        squares: list[tuple[float, float, float]] = []
        for _ in range(40):
            side = rng.uniform(*_SIDES[number])
            left, top = rng.uniform(0.01, 0.99 - side), rng.uniform(0.08, 0.99 - side)
            if all(_overlap((left, top, side), other) < 0.04 for other in squares):
                squares.append((left, top, side))
                if len(squares) == number:
                    return squares


def _overlap(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    """Returns the common area of two squares, as a part of the smaller square's area."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[2], b[1] + b[2]) - max(a[1], b[1])
    return max(0.0, width) * max(0.0, height) / min(a[2], b[2]) ** 2


def draw_thing(rng: np.random.Generator, kind: str, color: str, side: int) -> Image.Image:
    """Draws a thing, slightly turned and stretched, on transparent pixels of ``side`` at most."""
    base = COLORS[color]
    tint = shade(base, float(rng.uniform(0.9, 1.1)))
    pen = Pen(side, tint)
    DRAWINGS[kind](pen)
    layer = pen.image
    if rng.random() < 0.5:
        layer = layer.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    layer = layer.rotate(float(rng.uniform(-8, 8)), Image.Resampling.BILINEAR)
    stretch = rng.uniform(0.9, 1.0, 2)
    layer = layer.resize(
        (int(side * stretch[0]), int(side * stretch[1])), Image.Resampling.BILINEAR
    )
    return layer.crop(layer.getbbox())


@dataclass(frozen=True)
class PictureFile:
    """A picture on disk.

    Attributes:
        filename: the file's name in the folder
        scene: one of ``SCENE_NAMES``
        things: one to three
        near_duplicate_of: the picture it was made from, if it is a planted near-duplicate
        near_duplicate_kind: how it was changed, one of ``NEAR_DUPLICATE_KINDS``
    """

    filename: str
    scene: str
    things: tuple[Thing, ...]
    near_duplicate_of: str | None = None
    near_duplicate_kind: str | None = None


def write_pictures(folder: Path, n: int, seed: int) -> Iterator[PictureFile]:
    """Draws pictures into a folder as JPEG files.

    One of 20 pictures is a near-duplicate of an earlier picture, and one of 25 matches a query of
    the demo.

    Args:
        folder: the folder to write to; created if it does not exist
        n: the number of pictures
        seed: the same seed gives the same pictures

    Yields:
        a :class:`PictureFile` for each picture after it is written
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    originals: list[PictureFile] = []
    for i in range(n):
        filename = f"{i:05}.jpg"
        if len(originals) > 10 and rng.random() < NEAR_DUPLICATE_SHARE:
            original = originals[rng.integers(len(originals))]
            yield _write_near_duplicate(rng, folder, original, filename)
            continue
        if i % FEATURED_EVERY == FEATURED_EVERY - 1:
            scene, wanted = FEATURED[i // FEATURED_EVERY % len(FEATURED)]
            picture = draw_picture(rng, scene=scene, wanted=wanted)
        else:
            picture = draw_picture(rng)
        picture.image.save(folder / filename, quality=92)
        originals.append(PictureFile(filename, picture.scene, picture.things))
        yield originals[-1]


def _write_near_duplicate(
    rng: np.random.Generator, folder: Path, original: PictureFile, filename: str
) -> PictureFile:
    kind = str(rng.choice(NEAR_DUPLICATE_KINDS))
    with Image.open(folder / original.filename) as file:
        image = file.convert("RGB")
    things, quality = original.things, 92
    if kind == "crop":
        # The margin is small, so that each thing stays in the picture.
        margin = 0.02
        edge = int(margin * SIZE)
        image = image.crop((edge, edge, SIZE - edge, SIZE - edge)).resize((SIZE, SIZE))
        things = tuple(_cropped(thing, margin) for thing in things)
    elif kind == "brightness":
        image = ImageEnhance.Brightness(image).enhance(float(rng.choice([0.8, 1.2])))
    elif kind == "jpeg":
        quality = 30
    else:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        things = tuple(_flipped(thing) for thing in things)
    image.save(folder / filename, quality=quality)
    return PictureFile(filename, original.scene, things, original.filename, kind)


def _cropped(thing: Thing, margin: float) -> Thing:
    kept = 1 - 2 * margin
    left, top, width, height = thing.box
    corners = np.array([left, top, left + width, top + height])
    x0, y0, x1, y1 = np.clip((corners - margin) / kept, 0, 1).round(4).tolist()
    return Thing(thing.kind, thing.color, (x0, y0, round(x1 - x0, 4), round(y1 - y0, 4)))


def _flipped(thing: Thing) -> Thing:
    left, top, width, height = thing.box
    return Thing(thing.kind, thing.color, (round(1 - left - width, 4), top, width, height))


def save_labels(path: Path, pictures: list[PictureFile], seed: int) -> None:
    """Writes the labels of a folder of pictures."""
    path.write_text(
        json.dumps({"seed": seed, "pictures": [asdict(picture) for picture in pictures]})
    )


def load_labels(path: Path) -> tuple[int, list[PictureFile]]:
    """Reads the seed and the pictures that :func:`save_labels` wrote."""
    data = json.loads(path.read_text())
    pictures = [
        PictureFile(
            **{
                **values,
                "things": tuple(
                    Thing(thing["kind"], thing["color"], tuple(thing["box"]))
                    for thing in values["things"]
                ),
            }
        )
        for values in data["pictures"]
    ]
    return data["seed"], pictures

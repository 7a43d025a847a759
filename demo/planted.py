"""Draws pictures with planted edits, hard negatives, a pan, exact copies and leaks.

- An *edit* is a copy of an original that was changed as ``edits`` says.
- A *hard negative* shows the same things as an original, in the same scene, in other places: half
  of them before the same background, half before a new one. It is no copy.
- The *pan* is a window that moves over a larger scene. Neighboring frames are nearly equal, and the
  first and the last have nothing in common. Its frames are neither copies nor negatives.
- An *exact copy* has the bytes of another picture.
- A *leak* is a picture of the test split that has an edit, an original or an exact copy in the
  training split.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fiftyone_faiss.demo.edits import EDIT_KINDS, QUALITY, STRENGTHS, edit_picture
from fiftyone_faiss.demo.world import (
    COLOR_NAMES,
    KINDS,
    SCALE,
    SCENE_NAMES,
    SIZE,
    Thing,
    draw_background,
    draw_picture,
    draw_thing,
)

SPLITS = {"train": 0.7, "val": 0.15, "test": 0.15}
PAN_FRAMES = 40
# The frames of the pan move by this share of their width.
PAN_STEP = 0.0268
PAN_SCENES = ("city", "park", "forest")
# The shares of the pictures besides the pan; the others are originals.
EDIT_SHARE, NEGATIVE_SHARE, COPY_SHARE = 0.32, 0.16, 0.05
# The share of the originals of training or test that have an edit in the other split.
LEAK_SHARE = 0.12
# How far each thing of a hard negative is from its place in the original, as a part of the side.
MIN_MOVE = 0.12
_TRIES = 60


@dataclass(frozen=True)
class PlantedPicture:
    """A picture on disk, and how it was made.

    Attributes:
        filename: the file's name in the folder
        scene: one of ``SCENE_NAMES``
        things: the things in it; empty for a frame of the pan
        split: one of ``SPLITS``
        edit_of: the original that it is an edit of
        edit_kind: how it was edited, one of ``EDIT_KINDS``
        edit_strength: how much, as ``STRENGTHS`` says
        negative_of: the original that it is a hard negative of
        same_background: whether a hard negative has the background of its original
        pan_frame: its number in the pan, starting at 1
        copy_of: the picture that it is an exact copy of
        leak_of: for a leaking test picture, a picture of the training split with the same original
    """

    filename: str
    scene: str
    things: tuple[Thing, ...]
    split: str
    edit_of: str | None = None
    edit_kind: str | None = None
    edit_strength: float | None = None
    negative_of: str | None = None
    same_background: bool | None = None
    pan_frame: int | None = None
    copy_of: str | None = None
    leak_of: str | None = None


@dataclass(frozen=True)
class _Original:
    """An original, and the state of the random numbers with which its background was drawn."""

    file: PlantedPicture
    background_state: Mapping[str, Any]

    def draw_background(self) -> Image.Image:
        """Draws its background again."""
        rng = np.random.default_rng()
        rng.bit_generator.state = self.background_state
        return draw_background(rng, self.file.scene)


def write_planted(folder: Path, n: int, seed: int) -> Iterator[PlantedPicture]:
    """Draws pictures into a folder as JPEG files.

    Args:
        folder: the folder to write to; created if it does not exist
        n: the number of pictures
        seed: the same seed gives the same bytes

    Yields:
        a :class:`PlantedPicture` for each picture after it is written; ``leak_of`` is not yet set,
        see :func:`with_leaks`
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    # The names say nothing about how a picture was made.
    names = [f"{number:05}.jpg" for number in rng.permutation(n)]
    pan = min(PAN_FRAMES, n // 5)
    edits, negatives, copied = (
        round(share * (n - pan)) for share in (EDIT_SHARE, NEGATIVE_SHARE, COPY_SHARE)
    )
    count = n - pan - edits - negatives - copied
    originals: list[_Original] = []
    for _ in range(count):
        originals.append(_write_original(rng, folder / names.pop()))
        yield originals[-1].file
    sources = [original.file for original in originals]
    # An original has several edits only once all have one.
    for i, at in enumerate(_turns(rng, count, edits)):
        kind = EDIT_KINDS[i % len(EDIT_KINDS)]
        strengths = STRENGTHS[kind]
        strength = strengths[i // len(EDIT_KINDS) % len(strengths)]
        sources.append(_write_edit(rng, folder / names.pop(), originals[at], kind, strength))
        yield sources[-1]
    for i, at in enumerate(_turns(rng, count, negatives)):
        yield _write_negative(rng, folder / names.pop(), originals[at], i % 2 == 0)
    for at in _turns(rng, len(sources), copied):
        name = names.pop()
        shutil.copyfile(folder / sources[at].filename, folder / name)
        yield replace(sources[at], filename=name, copy_of=sources[at].filename)
    yield from _write_pan(rng, [folder / names.pop() for _ in range(pan)])


def root_of(picture: PlantedPicture, by_name: dict[str, PlantedPicture]) -> str:
    """Returns the original that a picture is a copy of, directly or not; its own name if none.

    Two pictures are copies of the same picture if their roots are equal.
    """
    if picture.copy_of is not None:
        return root_of(by_name[picture.copy_of], by_name)
    return picture.edit_of or picture.filename


def with_leaks(pictures: list[PlantedPicture]) -> list[PlantedPicture]:
    """Returns the pictures with ``leak_of`` set for those of test that are also in training."""
    by_name = {picture.filename: picture for picture in pictures}
    trained: dict[str, str] = {}
    for picture in pictures:
        if picture.split == "train":
            trained.setdefault(root_of(picture, by_name), picture.filename)
    return [
        replace(picture, leak_of=trained.get(root_of(picture, by_name)))
        if picture.split == "test"
        else picture
        for picture in pictures
    ]


def _turns(rng: np.random.Generator, count: int, n: int) -> list[int]:
    """Returns ``n`` random positions below ``count``, none of them twice before all are once."""
    rounds = [rng.permutation(count) for _ in range(-(-n // count))]
    return np.concatenate(rounds)[:n].tolist() if rounds else []


def _write_original(rng: np.random.Generator, path: Path) -> _Original:
    scene = str(rng.choice(SCENE_NAMES))
    state = rng.bit_generator.state
    background = draw_background(rng, scene)
    picture = draw_picture(rng, scene=scene, background=background)
    picture.image.save(path, quality=QUALITY)
    split = str(rng.choice(list(SPLITS), p=list(SPLITS.values())))
    file = PlantedPicture(path.name, scene, picture.things, split)
    return _Original(file, state)


def _write_edit(
    rng: np.random.Generator, path: Path, original: _Original, kind: str, strength: float
) -> PlantedPicture:
    # What a person copies is the file, not the drawing.
    with Image.open(path.with_name(original.file.filename)) as file:
        image = file.convert("RGB")
    edited = edit_picture(image, original.file.things, kind, strength, rng)
    edited.image.save(path, quality=edited.quality)
    split = original.file.split
    other = {"train": "test", "test": "train"}.get(split)
    if other is not None and rng.random() < LEAK_SHARE:
        split = other
    return PlantedPicture(
        path.name, original.file.scene, edited.things, split, original.file.filename, kind, strength
    )


def _write_negative(
    rng: np.random.Generator, path: Path, original: _Original, same_background: bool
) -> PlantedPicture:
    """Writes a picture of the same things in the same scene, each of them in another place."""
    things, scene = original.file.things, original.file.scene
    wanted = tuple((thing.kind, thing.color) for thing in things)
    background = original.draw_background() if same_background else None
    moves = []
    for _ in range(_TRIES):
        picture = draw_picture(rng, len(things), scene, wanted, background)
        moves.append((_smallest_move(things, picture.things), picture))
        if moves[-1][0] >= MIN_MOVE:
            break
    # Three things leave little room; if none of the tries is far enough, the farthest is taken.
    picture = max(moves, key=lambda move: move[0])[1]
    picture.image.save(path, quality=QUALITY)
    split = str(rng.choice(list(SPLITS), p=list(SPLITS.values())))
    return PlantedPicture(
        path.name, picture.scene, picture.things, split,
        negative_of=original.file.filename, same_background=same_background,
    )  # fmt: skip


def _smallest_move(before: tuple[Thing, ...], after: tuple[Thing, ...]) -> float:
    centers = [
        np.array([[t.box[0] + t.box[2] / 2, t.box[1] + t.box[3] / 2] for t in things])
        for things in (before, after)
    ]
    return float(np.linalg.norm(centers[0] - centers[1], axis=1).min())


def _write_pan(rng: np.random.Generator, paths: list[Path]) -> Iterator[PlantedPicture]:
    """Writes a window of a picture's size that moves over a larger scene from left to right."""
    scene = str(rng.choice(PAN_SCENES))
    step = max(1, round(PAN_STEP * SIZE))
    side = SIZE + step * max(len(paths) - 1, 1)
    image = draw_background(rng, scene, side)
    top = (side - SIZE) * 6 // 10
    width = round(0.45 * SIZE) * SCALE
    for left in range(0, side * SCALE - width, round(1.25 * width)):
        kind, color = str(rng.choice(KINDS)), str(rng.choice(COLOR_NAMES))
        layer = draw_thing(rng, kind, color, width)
        y = top * SCALE + int(rng.uniform(0.05, 0.95) * (SIZE * SCALE - width))
        image.paste(layer, (left + int(rng.uniform(0, 0.2) * width), y), layer)
    scenery = image.reduce(SCALE)
    for i, path in enumerate(paths):
        scenery.crop((i * step, top, i * step + SIZE, top + SIZE)).save(path, quality=QUALITY)
        yield PlantedPicture(path.name, scene, (), "train", pan_frame=i + 1)

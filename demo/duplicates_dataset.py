"""A FiftyOne dataset with planted duplicates, hard negatives, a pan and leaks."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import fiftyone as fo
import fiftyone.core.utils as fou

from fiftyone_faiss.demo.dataset import DEFAULT_SEED, stored_dataset
from fiftyone_faiss.demo.phrases import caption
from fiftyone_faiss.demo.planted import PlantedPicture, with_leaks, write_planted
from fiftyone_faiss.demo.world import LABELS_FILE, Thing

DEFAULT_COUNT = 500


def create_duplicates_dataset(
    name: str, folder: Path, n: int = DEFAULT_COUNT, seed: int = DEFAULT_SEED
) -> fo.Dataset:
    """Creates a dataset of pictures with planted duplicates, or loads it if it exists.

    Its fields are ``scene`` (Classification), ``objects`` (Detections with a ``color``),
    ``caption``, ``split``, and the fields of :class:`fiftyone_faiss.demo.planted.PlantedPicture`
    that say how a picture was made: ``edit_of``, ``edit_kind``, ``edit_strength``,
    ``negative_of``, ``same_background``, ``pan_frame``, ``copy_of`` and ``leak_of``. Those that
    name a picture hold its file name.

    Args:
        name: the dataset's name
        folder: the folder of the pictures; created if it does not exist
        n (500): the number of pictures
        seed (51): the same seed gives the same pictures

    Returns:
        a persistent dataset
    """
    pictures = _draw(folder, n, seed)
    samples = [_sample(folder, picture) for picture in sorted(pictures, key=lambda p: p.filename)]
    return stored_dataset(name, samples)


def load_planted(folder: Path) -> tuple[int, list[PlantedPicture]]:
    """Reads the seed and the pictures of a folder that holds a dataset with planted duplicates."""
    data = json.loads((folder / LABELS_FILE).read_text())
    pictures = [
        PlantedPicture(
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


def planted_line(dataset: fo.Dataset) -> str:
    """Returns one line that counts what is planted in a dataset."""
    edits, negatives, frames, copied, leaks = dataset.values(
        ["edit_kind", "negative_of", "pan_frame", "copy_of", "leak_of"]
    )
    kinds = Counter(
        kind for kind, copy_of in zip(edits, copied, strict=True) if kind and not copy_of
    )
    named = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    planted = [sum(value is not None for value in column) for column in (copied, negatives, frames)]
    return (
        f"{kinds.total()} edits ({named}), {planted[0]} exact copies, {planted[1]} hard negatives, "
        f"a pan of {planted[2]} frames, {sum(value is not None for value in leaks)} leaks"
    )


def _draw(folder: Path, n: int, seed: int) -> list[PlantedPicture]:
    """Draws the pictures, unless an earlier run has drawn them."""
    if (folder / LABELS_FILE).exists():
        old_seed, pictures = load_planted(folder)
        if old_seed == seed and len(pictures) == n:
            return pictures
    print(f"Drawing {n:,} pictures")
    with fou.ProgressBar(total=n, iters_str="pictures", progress=True) as bar:
        pictures = with_leaks(list(bar(write_planted(folder, n, seed))))
    # The labels are written last, so a folder with labels is complete.
    data = {"seed": seed, "pictures": [asdict(picture) for picture in pictures]}
    (folder / LABELS_FILE).write_text(json.dumps(data))
    return pictures


def _sample(folder: Path, picture: PlantedPicture) -> fo.Sample:
    objects = [
        fo.Detection(label=thing.kind, bounding_box=list(thing.box), color=thing.color)
        for thing in picture.things
    ]
    return fo.Sample(
        filepath=str(folder / picture.filename),
        scene=fo.Classification(label=picture.scene),
        # The frames of the pan have no labels.
        objects=fo.Detections(detections=objects) if picture.pan_frame is None else None,
        caption=caption(picture) if picture.things else None,
        split=picture.split,
        edit_of=picture.edit_of,
        edit_kind=picture.edit_kind,
        edit_strength=picture.edit_strength,
        negative_of=picture.negative_of,
        same_background=picture.same_background,
        pan_frame=picture.pan_frame,
        copy_of=picture.copy_of,
        leak_of=picture.leak_of,
    )

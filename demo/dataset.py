"""The picture-book world as a FiftyOne dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import fiftyone as fo
import fiftyone.core.utils as fou
import numpy as np

from fiftyone_faiss.demo.phrases import caption
from fiftyone_faiss.demo.world import (
    LABELS_FILE,
    PictureFile,
    load_labels,
    save_labels,
    write_pictures,
)

DEFAULT_SEED = 51
SPLITS = {"train": 0.7, "val": 0.15, "test": 0.15}


def create_dataset(name: str, folder: Path, n: int = 1000, seed: int = DEFAULT_SEED) -> fo.Dataset:
    """Creates a dataset of drawn pictures, or loads it if it exists.

    Its fields are ``scene`` (Classification), ``objects`` (Detections with a ``color``),
    ``caption``, ``split`` and, for planted near-duplicates, ``near_duplicate_of`` (a file name)
    and ``near_duplicate_kind``.

    Args:
        name: the dataset's name
        folder: the folder of the pictures; created if it does not exist
        n (1000): the number of pictures
        seed (51): the same seed gives the same pictures

    Returns:
        a persistent dataset
    """
    pictures = _draw(folder, n, seed)
    rng = np.random.default_rng(seed)
    splits = rng.choice(list(SPLITS), size=len(pictures), p=list(SPLITS.values()))
    samples = [
        _sample(folder, picture, str(split))
        for picture, split in zip(pictures, splits, strict=True)
    ]
    return stored_dataset(name, samples)


def stored_dataset(name: str, samples: Sequence[fo.Sample]) -> fo.Dataset:
    """Loads a persistent dataset if it has as many samples, or else creates it of them."""
    if fo.dataset_exists(name):
        dataset = fo.load_dataset(name)
        if len(dataset) == len(samples):
            return dataset
        # It is incomplete, or has another number of samples.
        fo.delete_dataset(name)
    dataset = fo.Dataset(name, persistent=True)
    dataset.add_samples(samples, progress=False)
    dataset.add_dynamic_sample_fields()
    dataset.app_config.sidebar_groups = None
    dataset.save()
    return dataset


def _draw(folder: Path, n: int, seed: int) -> list[PictureFile]:
    """Draws the pictures, unless an earlier run has drawn them."""
    labels = folder / LABELS_FILE
    if labels.exists():
        old_seed, pictures = load_labels(labels)
        if old_seed == seed and len(pictures) == n:
            return pictures
    print(f"Drawing {n:,} pictures")
    with fou.ProgressBar(total=n, iters_str="pictures", progress=True) as bar:
        pictures = list(bar(write_pictures(folder, n, seed)))
    # The labels are written last, so a folder with labels is complete.
    save_labels(labels, pictures, seed)
    return pictures


def _sample(folder: Path, picture: PictureFile, split: str) -> fo.Sample:
    objects = [
        fo.Detection(label=thing.kind, bounding_box=list(thing.box), color=thing.color)
        for thing in picture.things
    ]
    return fo.Sample(
        filepath=str(folder / picture.filename),
        scene=fo.Classification(label=picture.scene),
        objects=fo.Detections(detections=objects),
        caption=caption(picture),
        split=split,
        near_duplicate_of=picture.near_duplicate_of,
        near_duplicate_kind=picture.near_duplicate_kind,
    )

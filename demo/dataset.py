"""The picture-book world as a FiftyOne dataset."""

from __future__ import annotations

from pathlib import Path

import fiftyone as fo
import fiftyone.core.utils as fou
import numpy as np

from fiftyone_faiss.demo.phrases import caption
from fiftyone_faiss.demo.world import PictureFile, load_labels, save_labels, write_pictures

DEFAULT_SEED = 51
SPLITS = {"train": 0.7, "val": 0.15, "test": 0.15}


def create_dataset(name: str, folder: Path, n: int = 1000, seed: int = DEFAULT_SEED) -> fo.Dataset:
    """Makes a dataset of drawn pictures, or loads the one that is there.

    Its fields: ``scene`` (Classification), ``objects`` (Detections with a ``color``), ``caption``,
    ``split``, and for planted near-copies ``near_copy_of`` (a file name) and ``near_copy_kind``.

    Args:
        name: the dataset's name
        folder: where the pictures are, or go
        n (1000): how many pictures
        seed: the same seed gives the same pictures

    Returns:
        a persistent dataset
    """
    pictures = _draw(folder, n, seed)
    if fo.dataset_exists(name):
        dataset = fo.load_dataset(name)
        if len(dataset) == len(pictures):
            return dataset
        # Its making was stopped, or asked for another number.
        fo.delete_dataset(name)
    dataset = fo.Dataset(name, persistent=True)
    rng = np.random.default_rng(seed)
    splits = rng.choice(list(SPLITS), size=len(pictures), p=list(SPLITS.values()))
    samples = [
        _sample(folder, picture, str(split))
        for picture, split in zip(pictures, splits, strict=True)
    ]
    dataset.add_samples(samples, progress=False)
    dataset.add_dynamic_sample_fields()
    dataset.app_config.sidebar_groups = None
    dataset.save()
    return dataset


def _draw(folder: Path, n: int, seed: int) -> list[PictureFile]:
    """Draws the pictures, unless they are there already."""
    labels = folder / "labels.json"
    if labels.exists():
        old_seed, pictures = load_labels(labels)
        if old_seed == seed and len(pictures) == n:
            return pictures
    print(f"Drawing {n:,} pictures")
    with fou.ProgressBar(total=n, iters_str="pictures", progress=True) as bar:
        pictures = list(bar(write_pictures(folder, n, seed)))
    # Written last: a folder with labels is complete.
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
        near_copy_of=picture.near_copy_of,
        near_copy_kind=picture.near_copy_kind,
    )

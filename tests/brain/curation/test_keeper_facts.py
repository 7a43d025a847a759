"""What is read of samples and files to choose which to keep."""

from __future__ import annotations

import os
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image, ImageFilter
from support.broken import noise

from fiftyone_faiss.brain.curation.keeper_facts import facts_of, sharpness_of
from fiftyone_faiss.brain.curation.keepers import order_of

YEAR_2001 = 1_000_000_000.0


@pytest.fixture
def images(dataset: fo.Dataset, tmp_path: Path) -> fo.Dataset:
    """The first samples: a large, a blurred and an old image, and one whose file is gone."""
    paths = dataset.values("filepath")
    noise(64, 48).save(paths[0])
    noise(32, 32).filter(ImageFilter.GaussianBlur(2)).save(paths[1])
    os.utime(paths[2], (YEAR_2001, YEAR_2001))
    os.remove(paths[3])
    first, second = dataset.head(2)
    first["things"] = fo.Detections(
        detections=[
            fo.Detection(label="a", bounding_box=[0, 0, 0.5, 0.5]),
            fo.Detection(label="b", bounding_box=[0.5, 0.5, 0.25, 0.5]),
        ]
    )
    first["kind"] = fo.Classification(label="noise")
    first["part"], second["part"] = "test", "train"
    first.tags, second.tags = ["train", "new"], ["new"]
    first.save()
    second.save()
    return dataset


def test_facts_are_those_of_the_database_and_the_files(images) -> None:
    ids = images.values("id")[:4]
    facts = facts_of(images, [*ids, "0" * 24], split_field="part")
    assert list(facts) == ids
    large, blurred, old, gone = facts.values()
    assert (large.split, blurred.split, old.split) == ("test", "train", None)
    assert [f.labels for f in facts.values()] == [3, 0, 0, 0]
    assert (large.width, large.height, large.file_pixels) == (64, 48, 64 * 48)
    assert large.file_bytes == os.path.getsize(images[ids[0]].filepath)
    assert old.created == YEAR_2001
    assert large.sharpness > 10 * blurred.sharpness > 0
    assert old.sharpness == 0
    assert (gone.width, gone.file_bytes, gone.sharpness) == (None, None, None)
    # What is left is the time at which the sample was added.
    assert gone.created == images[ids[3]].created_at.timestamp()
    assert order_of(list(facts.values()))[0].id == ids[0]


def test_files_are_opened_only_for_rules_that_need_them(images, monkeypatch) -> None:
    monkeypatch.setattr(os, "stat", lambda *args, **kwargs: pytest.fail("a file was looked at"))
    facts = facts_of(images, images.values("id"), ("split", "labels"), "tags")
    values = list(facts.values())
    assert [(f.split, f.labels) for f in values[:3]] == [("train", 3), (None, 0), (None, 0)]
    assert {f.width for f in values} == {None}


def test_facts_of_labels_are_those_of_their_boxes(images) -> None:
    label_ids = images.first().things.detections
    ids = [label.id for label in reversed(label_ids)]
    facts = facts_of(images, ids, patches_field="things")
    assert list(facts) == ids
    assert [(f.width, f.height) for f in facts.values()] == [(16, 24), (32, 24)]
    assert {f.file_pixels for f in facts.values()} == {64 * 48}


def test_sharpness_does_not_depend_on_the_size_and_falls_with_blur() -> None:
    ramp = np.kron(np.indices((8, 8)).sum(axis=0) % 2 * 255, np.ones((64, 64))).astype(np.uint8)
    image = Image.fromarray(ramp)
    half = image.resize((256, 256), Image.Resampling.BOX)
    assert sharpness_of(half) == pytest.approx(sharpness_of(image), rel=0.05)
    assert sharpness_of(image.filter(ImageFilter.GaussianBlur(6))) < sharpness_of(image) / 2
    assert sharpness_of(Image.new("RGB", (1, 1))) == 0

"""The dataset with planted duplicates: each record against the pixels."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image

from fiftyone_faiss.demo.duplicates_dataset import (
    create_duplicates_dataset,
    load_planted,
    planted_line,
)
from fiftyone_faiss.demo.edits import EDIT_KINDS, STRENGTHS
from fiftyone_faiss.demo.planted import (
    MIN_MOVE,
    PAN_FRAMES,
    PlantedPicture,
    root_of,
    with_leaks,
    write_planted,
)
from fiftyone_faiss.demo.world import SIZE

N, SEED = 240, 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("planted")


@pytest.fixture(scope="module")
def planted(folder: Path) -> dict[str, PlantedPicture]:
    pictures = with_leaks(list(write_planted(folder, N, SEED)))
    return {picture.filename: picture for picture in pictures}


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"), np.float32)


def test_it_has_all_kinds_of_pictures(planted) -> None:
    assert len(planted) == N
    counts = Counter(p.edit_kind for p in planted.values() if p.edit_of and not p.copy_of)
    assert set(counts) == set(EDIT_KINDS)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert sum(counts.values()) == 64
    assert sum(p.negative_of is not None for p in planted.values()) == 32
    assert sum(p.copy_of is not None for p in planted.values()) == 10
    assert {p.pan_frame for p in planted.values()} - {None} == set(range(1, PAN_FRAMES + 1))
    for kind, strengths in STRENGTHS.items():
        used = {p.edit_strength for p in planted.values() if p.edit_kind == kind}
        assert used == set(strengths)


def test_a_seed_gives_the_same_bytes_and_another_seed_others(folder, planted, tmp_path) -> None:
    again = with_leaks(list(write_planted(tmp_path / "same", N, SEED)))
    assert {picture.filename: picture for picture in again} == planted
    names = sorted(planted)
    same = [(tmp_path / "same" / name).read_bytes() for name in names]
    assert same == [(folder / name).read_bytes() for name in names]
    other = list(write_planted(tmp_path / "other", 20, SEED + 1))
    assert not {(tmp_path / "other" / p.filename).read_bytes() for p in other} & set(same)


def test_exact_copies_and_no_other_pictures_have_the_same_bytes(folder, planted) -> None:
    by_bytes: dict[bytes, set[str]] = {}
    for name in planted:
        by_bytes.setdefault((folder / name).read_bytes(), set()).add(name)
    same = {frozenset(names) for names in by_bytes.values() if len(names) > 1}
    recorded: dict[str, set[str]] = {}
    for picture in planted.values():
        if picture.copy_of is not None:
            recorded.setdefault(picture.copy_of, {picture.copy_of}).add(picture.filename)
    assert same == {frozenset(names) for names in recorded.values()}


def test_edits_name_originals(folder, planted) -> None:
    for picture in planted.values():
        if picture.edit_of is None or picture.copy_of is not None:
            continue
        original = planted[picture.edit_of]
        assert original.edit_of is original.negative_of is original.copy_of is None
        assert root_of(picture, planted) == original.filename
        assert picture.scene == original.scene
        with Image.open(folder / picture.filename) as image:
            factor = picture.edit_strength if picture.edit_kind in ("crop", "resize") else 1
            assert image.size == (round(SIZE * factor), round(SIZE * factor))


def test_negatives_show_the_same_things_in_other_places(folder, planted) -> None:
    moves, differences = [], {True: [], False: []}
    for picture in planted.values():
        if picture.negative_of is None:
            continue
        original = planted[picture.negative_of]
        assert root_of(picture, planted) == picture.filename
        assert picture.scene == original.scene
        assert [(t.kind, t.color) for t in picture.things] == [
            (t.kind, t.color) for t in original.things
        ]
        for before, after in zip(original.things, picture.things, strict=True):
            centers = [np.add(t.box[:2], np.divide(t.box[2:], 2)) for t in (before, after)]
            moves.append(np.linalg.norm(centers[0] - centers[1]))
        images = [pixels(folder / p.filename) for p in (original, picture)]
        changed = np.abs(images[0] - images[1]).max(axis=2) > 24
        differences[picture.same_background].append(changed.mean())
    assert np.mean(np.array(moves) >= MIN_MOVE) > 0.95
    assert min(moves) > 0.02
    assert len(differences[True]) == len(differences[False]) == 16
    assert np.mean(differences[True]) < np.mean(differences[False])
    assert min(differences[True]) > 0.02


def test_neighboring_frames_of_the_pan_share_all_but_a_strip(folder, planted) -> None:
    frames = sorted((p for p in planted.values() if p.pan_frame), key=lambda p: p.pan_frame)
    images = [pixels(folder / frame.filename) for frame in frames]
    for before, after in pairwise(images):
        assert np.abs(before[:, 6:] - after[:, :-6]).mean() < 4
    assert np.abs(images[0] - images[-1]).mean() > 25
    assert {frame.split for frame in frames} == {"train"}


def test_a_test_picture_leaks_exactly_if_its_original_is_in_training(planted) -> None:
    trained = {root_of(p, planted) for p in planted.values() if p.split == "train"}
    leaking = {p.filename for p in planted.values() if p.leak_of is not None}
    assert leaking == {
        p.filename for p in planted.values() if p.split == "test" and root_of(p, planted) in trained
    }
    assert len(leaking) >= 3
    for name in leaking:
        source = planted[planted[name].leak_of]
        assert source.split == "train"
        assert root_of(source, planted) == root_of(planted[name], planted)


def test_a_small_dataset_is_possible(tmp_path) -> None:
    assert [len(list(write_planted(tmp_path / str(n), n, 1))) for n in (1, 6)] == [1, 6]


def test_the_fields_of_the_dataset_are_the_records(tmp_path) -> None:
    dataset = create_duplicates_dataset("planted", tmp_path, 120, SEED)
    seed, pictures = load_planted(tmp_path)
    assert (seed, len(dataset)) == (SEED, 120)
    for picture in pictures:
        sample = dataset[str(tmp_path / picture.filename)]
        for field in (
            "split", "edit_of", "edit_kind", "edit_strength", "negative_of", "same_background",
            "pan_frame", "copy_of", "leak_of",
        ):  # fmt: skip
            assert sample[field] == getattr(picture, field), field
        assert sample.scene.label == picture.scene
        if picture.pan_frame is None:
            labels = [(d.label, d.color) for d in sample.objects.detections]
            assert labels == [(thing.kind, thing.color) for thing in picture.things]
        else:
            assert sample.objects is None
    leaks = sum(picture.leak_of is not None for picture in pictures)
    assert planted_line(dataset).endswith(
        f"5 exact copies, 15 hard negatives, a pan of 24 frames, {leaks} leaks"
    )
    ids = dataset.values("id")
    assert create_duplicates_dataset("planted", tmp_path, 120, SEED).values("id") == ids
    assert fo.dataset_exists("planted")
    dataset.delete()

"""The verdicts on planted images; ``benchmarks/bench_duplicates.py`` measures more of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from fiftyone_faiss.brain.curation.pixel_verdict import PixelJudge
from fiftyone_faiss.demo.edits import EDIT_KINDS
from fiftyone_faiss.demo.planted import PlantedPicture, write_planted

N, SEED = 160, 77


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("planted")


@pytest.fixture(scope="module")
def planted(folder: Path) -> list[PlantedPicture]:
    return list(write_planted(folder, N, SEED))


@pytest.fixture(scope="module")
def judge(folder: Path) -> PixelJudge[str]:
    return PixelJudge(lambda name: Image.open(folder / name))


def test_edits_and_exact_copies_are_copies(planted, judge) -> None:
    verdicts: Counter[tuple[str, str]] = Counter()
    for image in planted:
        source = image.copy_of or image.edit_of
        if source is not None:
            kind = "exact" if image.copy_of else str(image.edit_kind)
            verdicts[kind, judge.judge(source, image.filename).verdict] += 1
    assert {kind for kind, verdict in verdicts if verdict == "look-alike"} == set()
    assert {kind for kind, _ in verdicts} == {"exact", *EDIT_KINDS}
    assert verdicts.total() == 47


def test_hard_negatives_are_look_alikes(planted, judge) -> None:
    edits = {p.edit_of: p.filename for p in planted if p.edit_of and not p.copy_of}
    count = 0
    for image in planted:
        if image.negative_of is None:
            continue
        for other in filter(None, (image.negative_of, edits.get(image.negative_of))):
            verdict = judge.judge(other, image.filename)
            assert verdict.verdict == "look-alike", (other, image, verdict)
            count += 1
    assert count >= 20


def test_frames_of_the_pan_that_are_far_apart_are_look_alikes(planted, judge) -> None:
    frames = {p.pan_frame: p.filename for p in planted if p.pan_frame is not None}
    for step in (10, 20, 31):
        assert judge.judge(frames[1], frames[1 + step]).verdict == "look-alike"

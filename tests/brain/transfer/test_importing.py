"""Imported indexes hold and answer what the exported ones did."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import fiftyone as fo
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from safetensors.numpy import save_file
from support.exported import SUFFIXES, redescribe, state_of, write_table
from support.points import Points, check_answers, check_stored, one_sentence

import fiftyone_faiss
from fiftyone_faiss.brain import CancelledError, ImportRequest, import_index_steps, load_faiss_index
from fiftyone_faiss.brain.core.jobs import list_jobs, tracked
from fiftyone_faiss.brain.store.segments import MEDIA_DTYPE
from fiftyone_faiss.brain.transfer import contents

SETTINGS = ("metric", "index_type", "dtype", "alpha", "force_square", "patches_field", "model")


@pytest.mark.parametrize("name", SUFFIXES)
def test_an_index_comes_back_bit_by_bit(points: Points, tmp_path: Path, name: str) -> None:
    before = points.index(metric="euclidean", index_type="sqfp16", alpha=0.1)
    path = tmp_path / f"given{SUFFIXES[name]}"
    fiftyone_faiss.export_index(points.dataset, "given", path)
    report = fiftyone_faiss.import_index(points.dataset, path, "back")
    index = load_faiss_index(points.dataset, "back")
    check_stored(index, points)
    check_answers(index, points.vectors[0] + 0.1, points)
    assert index.store.verify() == []
    for setting in SETTINGS:
        assert getattr(index.config, setting) == getattr(before.config, setting)
    assert (report.count, report.dim, report.skipped) == (len(points.ids), 8, {})
    assert report.verification.compared == len(points.ids)
    assert report.verification.max_difference == 0 and report.notes == []
    assert one_sentence(report)
    assert str(report).endswith(
        f"into 'back': {len(points.ids)} vectors were read again and are equal."
    )
    # Another process finds it by its run.
    points.dataset.clear_cache()
    check_stored(points.dataset.load_brain_results("back"), points)


@pytest.mark.parametrize("name", SUFFIXES)
def test_half_precision_is_stated(samples: Points, tmp_path: Path, name: str) -> None:
    samples.index()
    path = tmp_path / f"given{SUFFIXES[name]}"
    half = samples.vectors.astype(np.float16).astype(np.float32)
    fiftyone_faiss.export_index(samples.dataset, "given", path)
    report = fiftyone_faiss.import_index(samples.dataset, path, "half", dtype="float16")
    assert report.verification.max_difference == np.abs(half - samples.vectors).max()
    fiftyone_faiss.export_index(samples.dataset, "half", path, overwrite=True)
    for dtype in (None, "float32"):
        key = f"back_{dtype}"
        report = fiftyone_faiss.import_index(samples.dataset, path, key, dtype=dtype)
        assert report.verification.max_difference == 0
        index = load_faiss_index(samples.dataset, key)
        assert index.config.dtype == (dtype or "float16")
        check_stored(index, samples.with_vectors(half))


def test_what_an_archive_knows_of_the_model_and_the_media_is_kept(
    book: fo.Dataset, tmp_path: Path
) -> None:
    dataset = book.clone()
    path = tmp_path / "clip.zip"
    fiftyone_faiss.export_index(dataset, "clip", path)
    fiftyone_faiss.import_index(dataset, path, "back")
    old, new = (load_faiss_index(dataset, key) for key in ("clip", "back"))
    assert [s.info.model for s in new.snapshot.segments] == [
        s.info.model for s in old.snapshot.segments
    ]
    assert new.snapshot.precision() == old.snapshot.precision() == "float32"
    np.testing.assert_array_equal(new.snapshot.media, old.snapshot.media)
    assert new.snapshot.media.dtype == MEDIA_DTYPE and (new.snapshot.media["size"] > 0).all()
    health = fiftyone_faiss.index_health(dataset, "back", check_media=True)
    assert health.is_current and health.model_matches
    for query in ("a red car", dataset.first().id):
        expected = fiftyone_faiss.search(dataset, query, brain_key="clip", k=20)
        answer = fiftyone_faiss.search(dataset, query, brain_key="back", k=20)
        assert answer.ids == expected.ids
    dataset.delete()


@pytest.fixture
def moved(samples: Points, tmp_path: Path) -> fo.Dataset:
    """The same images in another folder, with other ids, in another order, and one more."""
    folder = tmp_path / "elsewhere" / "deep"
    folder.mkdir(parents=True)
    dataset = fo.Dataset()
    for i in (3, 1, 0, 2, *range(11, 3, -1)):
        target = folder / Path(samples.dataset.values("filepath")[i]).name
        shutil.copy(samples.dataset.values("filepath")[i], target)
        dataset.add_sample(fo.Sample(str(target), number=i))
    Image.new("RGB", (8, 8), (1, 2, 3)).save(folder / "more.png")
    dataset.add_sample(fo.Sample(str(folder / "more.png"), number=12))
    yield dataset
    dataset.delete()


def points_in(dataset: fo.Dataset, samples: Points) -> Points:
    """The points of the images in another dataset."""
    numbers, ids = dataset.values(["number", "id"])
    pairs = [(n, id) for n, id in zip(numbers, ids, strict=True) if n < 12]
    vectors = samples.vectors[[n for n, _ in pairs]]
    return Points(dataset, vectors, [id for _, id in pairs])


@pytest.mark.parametrize("match", ["filepath", "content_hash"])
@pytest.mark.parametrize("name", SUFFIXES)
def test_another_dataset_is_matched(
    samples: Points, moved: fo.Dataset, tmp_path: Path, name: str, match: str
) -> None:
    samples.index()
    path = tmp_path / f"given{SUFFIXES[name]}"
    fiftyone_faiss.export_index(samples.dataset, "given", path, content_hashes=True)
    with pytest.raises(ValueError, match=r"12 of the 12 rows .* pass match='filepath' or match='c"):
        fiftyone_faiss.import_index(moved, path, "given")
    report = fiftyone_faiss.import_index(moved, path, "given", match)
    index = load_faiss_index(moved, "given")
    check_stored(index, points_in(moved, samples))
    check_answers(index, samples.vectors[5], points_in(moved, samples))
    notes = list(report.notes)
    assert notes.pop() == "1 samples or labels of the dataset have no vector."
    old, new = (Path(d.first().filepath).parent for d in (samples.dataset, moved))
    is_moved = match == "filepath"
    assert notes == ([f"Files below {old} were matched with those below {new}."] * is_moved)
    # The times of changes of another machine say nothing.
    assert (index.snapshot.media["size"] == -1).all()


@pytest.mark.parametrize("match", ["filepath", "content_hash"])
def test_labels_of_another_dataset_are_matched_by_their_boxes(
    patches: Points, moved: fo.Dataset, tmp_path: Path, match: str
) -> None:
    embeddings = dict(zip(patches.label_ids, patches.vectors, strict=True))
    fiftyone_faiss.build_index(
        patches.dataset, "given", embeddings=embeddings, patches_field="things", alpha=0.2
    )
    path = tmp_path / "things.zip"
    fiftyone_faiss.export_index(patches.dataset, "given", path, content_hashes=True)
    # The same boxes in another order, with other ids, and one more.
    for sample in moved.match(fo.ViewField("number") < 12):
        (old,) = patches.dataset.match(fo.ViewField("number") == sample.number)
        copied = [fo.Detection(bounding_box=d.bounding_box) for d in old.things.detections[::-1]]
        sample["things"] = fo.Detections(detections=copied)
        sample.save()
    more = moved.last()
    more["things"] = fo.Detections(detections=[fo.Detection(bounding_box=[0, 0, 1, 1])])
    more.save()
    report = fiftyone_faiss.import_index(moved, path, "given", match)
    index = load_faiss_index(moved, "given")
    assert index.regions.patches_field == "things" and index.regions.alpha == 0.2
    expected = {}
    place = {id: n for n, id in enumerate(patches.label_ids)}
    for old in patches.dataset:
        (new,) = moved.match(fo.ViewField("number") == old.number)
        pairs = zip(old.things.detections, new.things.detections[::-1], strict=True)
        expected |= {b.id: (new.id, patches.vectors[place[a.id]].tobytes()) for a, b in pairs}
    vectors, sample_ids, label_ids = index.get_embeddings()
    stored = zip(label_ids.tolist(), sample_ids.tolist(), vectors, strict=True)
    assert {id: (owner, vector.tobytes()) for id, owner, vector in stored} == expected
    assert report.notes[-1] == "1 samples or labels of the dataset have no vector."


def test_paths_that_fit_two_folders_are_refused(
    samples: Points, moved: fo.Dataset, tmp_path: Path
) -> None:
    samples.index()
    fiftyone_faiss.export_index(samples.dataset, "given", tmp_path / "x.npy")
    other = tmp_path / "other"
    shutil.copytree(tmp_path / "elsewhere" / "deep", other)
    moved.add_samples([fo.Sample(str(other / f"{i:02}.png"), number=20 + i) for i in range(12)])
    with pytest.raises(ValueError, match=r"fit equally well below .* and below .*match='content_h"):
        fiftyone_faiss.import_index(moved, tmp_path / "x.npy", "given", "filepath")
    view = moved.match(fo.ViewField("number") < 20)
    report = fiftyone_faiss.import_index(view, tmp_path / "x.npy", "given", "filepath")
    check_stored(load_faiss_index(moved, "given"), points_in(view, samples))
    assert report.count == 12


def test_equal_files_each_get_a_vector(samples: Points, tmp_path: Path) -> None:
    paths = samples.dataset.values("filepath")
    shutil.copy(paths[0], paths[1])
    equal = samples.with_vectors(samples.vectors[[0, 0, *range(2, 12)]])
    equal.index()
    path = tmp_path / "x.arrow"
    fiftyone_faiss.export_index(samples.dataset, "given", path, content_hashes=True)
    fiftyone_faiss.import_index(samples.dataset, path, "back", "content_hash")
    check_stored(load_faiss_index(samples.dataset, "back"), equal)


def test_a_part_is_imported_on_request(samples: Points, tmp_path: Path) -> None:
    samples.index()
    fiftyone_faiss.export_index(samples.dataset, "given", tmp_path / "x.parquet")
    samples.dataset.delete_samples(samples.sample_ids[2:4])
    report = fiftyone_faiss.import_index(
        samples.dataset, tmp_path / "x.parquet", "back", allow_missing=True
    )
    rest = samples.at([0, 1, *range(4, 12)])
    check_stored(load_faiss_index(samples.dataset, "back"), rest)
    assert report.skipped == {"their samples are not in the dataset": 2} and report.count == 10


def test_a_model_that_is_elsewhere_is_named(samples: Points, tmp_path: Path) -> None:
    samples.index()
    fiftyone_faiss.export_index(samples.dataset, "given", tmp_path / "x.npy")
    redescribe(tmp_path / "x.npy", model="ViT-Z-7/nowhere", supports_text=True)
    report = fiftyone_faiss.import_index(samples.dataset, tmp_path / "x.npy", "back")
    assert report.notes == [
        "The model 'ViT-Z-7/nowhere' is not on this machine yet; until it is, search by samples."
    ]
    index = load_faiss_index(samples.dataset, "back")
    assert index.supports_text and index.config.model == "ViT-Z-7/nowhere"
    similar = fiftyone_faiss.search(samples.dataset, samples.sample_ids[0], brain_key="back", k=3)
    expected = fiftyone_faiss.search(samples.dataset, samples.sample_ids[0], brain_key="given", k=3)
    assert similar.ids == expected.ids


def test_files_of_other_programs(samples: Points, patches: Points, tmp_path: Path) -> None:
    dataset = samples.dataset
    double = pa.array(samples.vectors.astype(float).tolist(), pa.list_(pa.float64()))
    for suffix in (".parquet", ".arrow"):
        table = pa.table({"sample_id": samples.sample_ids, "embedding": double})
        write_table(table, tmp_path / f"x{suffix}")
    np.save(tmp_path / "x.npy", samples.vectors.astype(float))
    keys = {"filepath": dataset.values("filepath")}
    (tmp_path / "x.json").write_text(json.dumps(keys))
    for suffix, match in ((".parquet", "id"), (".arrow", "id"), (".npy", "filepath")):
        key = suffix[1:]
        report = fiftyone_faiss.import_index(dataset, tmp_path / f"x{suffix}", key, match)
        index = load_faiss_index(dataset, key)
        check_stored(index, samples)
        assert (index.config.metric, index.config.model) == ("cosine", None)
        assert report.notes == [
            "Another program wrote the file, so it has no hashes to check it with."
        ]
    table = pa.table({"label_id": patches.label_ids, "embedding": list(patches.vectors)})
    write_table(table, tmp_path / "labels.parquet")
    with pytest.raises(ValueError, match="holds vectors of labels; give patches_field"):
        fiftyone_faiss.import_index(dataset, tmp_path / "labels.parquet", "labels")
    fiftyone_faiss.import_index(
        dataset, tmp_path / "labels.parquet", "labels", patches_field="things", metric="euclidean"
    )
    index = load_faiss_index(dataset, "labels")
    check_stored(index, patches)
    check_answers(index, patches.vectors[3], patches)
    save_file({"vectors": samples.vectors}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match="has no array 'embedding' but 'vectors'; rename"):
        fiftyone_faiss.import_index(dataset, tmp_path / "x.safetensors", "none")


def test_frames_of_videos_come_back(tmp_path: Path, rng: np.random.Generator) -> None:
    dataset = fo.Dataset()
    for number in range(2):
        sample = fo.Sample(str(tmp_path / f"{number}.mp4"))
        for frame in range(1, 4):
            image = tmp_path / f"{number}-{frame}.png"
            Image.new("RGB", (8, 8), (40 * number, 40 * frame, 0)).save(image)
            sample.frames[frame] = fo.Frame(filepath=str(image))
        dataset.add_sample(sample)
    frames = dataset.to_frames()
    vectors = rng.normal(size=(6, 8)).astype(np.float32)
    fiftyone_faiss.build_index(frames, "frames", embeddings=vectors)
    fiftyone_faiss.export_index(dataset, "frames", tmp_path / "x.zip")
    with pytest.raises(ValueError, match="belong to frames of videos; pass a view of them"):
        fiftyone_faiss.import_index(dataset, tmp_path / "x.zip", "back")
    with pytest.raises(ValueError, match=r"Only ids tell frames of videos apart; pass match='id'"):
        fiftyone_faiss.import_index(frames, tmp_path / "x.zip", "back", "filepath")
    fiftyone_faiss.import_index(frames, tmp_path / "x.zip", "back")
    check_stored(load_faiss_index(dataset, "back"), Points(frames, vectors, frames.values("id")))
    dataset.delete()


def test_many_blocks_are_imported_like_few(
    samples: Points, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples.index()
    monkeypatch.setattr(contents, "BLOCK_BYTES", 64)
    for suffix in SUFFIXES.values():
        path, key = tmp_path / f"given{suffix}", suffix[1:]
        fiftyone_faiss.export_index(samples.dataset, "given", path)
        steps = list(import_index_steps(samples.dataset, ImportRequest(path, key)))
        done = [step.done for step in steps if step.what == "imported"]
        assert done[-1] == 12 and len(done) >= 6
        check_stored(load_faiss_index(samples.dataset, key), samples)


def test_a_canceled_import_leaves_nothing(
    samples: Points, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples.index()
    fiftyone_faiss.export_index(samples.dataset, "given", tmp_path / "x.zip")
    monkeypatch.setattr(contents, "BLOCK_BYTES", 64)
    before, name = state_of(samples.dataset), samples.dataset.name
    for what in ("imported", "read again"):
        steps = import_index_steps(samples.dataset, ImportRequest(tmp_path / "x.zip", "back"))
        with pytest.raises(CancelledError):
            for step in tracked(steps, name, f"import {what}"):
                if step.what == what:
                    list_jobs(name)[-1].cancel()
        assert state_of(samples.dataset) == before
    fiftyone_faiss.import_index(samples.dataset, tmp_path / "x.zip", "back")
    check_stored(load_faiss_index(samples.dataset, "back"), samples)

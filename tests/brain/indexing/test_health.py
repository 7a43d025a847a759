"""What an index says of its health, and that an update repairs exactly that."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from PIL import Image
from support.clusters import Large, check_holds, create, nearest_ids
from support.colors import MeanColor, color_vector
from support.points import (
    Points,
    check_answers,
    check_stored,
    neighbors_of,
    one_sentence,
    points_of,
)
from support.stores import save_index_file

import fiftyone_faiss
from fiftyone_faiss.brain import Execution, update_index_steps
from fiftyone_faiss.brain.indexing import embedding
from fiftyone_faiss.brain.indexing.health import IndexHealth
from fiftyone_faiss.embedders import Vectors, registry


class SwappedColor(MeanColor):
    """The same model after other training: its vectors run the other way around."""

    fingerprint = "mean-color-2"

    def embed_images(self, images: list[Image.Image]) -> Vectors:
        return np.ascontiguousarray(super().embed_images(images)[:, ::-1])


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> MeanColor:
    """An embedder that indexes can name."""
    return _provide(MeanColor(), monkeypatch)


def _provide(embedder: MeanColor, monkeypatch: pytest.MonkeyPatch) -> MeanColor:
    monkeypatch.setitem(registry._registered, embedder.name, lambda: embedder)
    return embedder


def _embedded(model: MeanColor) -> int:
    """How many images were embedded since this was last asked."""
    count = sum(model.batches)
    model.batches.clear()
    return count


def _paint(path: str | Path, color: tuple[int, int, int]) -> None:
    # Another size, for two writes may have the same time.
    Image.new("RGB", (40 + sum(color) % 7, 33), color).save(path)


def _counts(health: IndexHealth) -> tuple[int, int, int, int, int | None, bool | None]:
    return (
        health.size, health.missing, health.orphaned, health.failed, health.changed,
        health.model_matches,
    )  # fmt: skip


def _check_colors(dataset: fo.Dataset, expected: dict[str, tuple[int, int, int]]) -> None:
    """Fails unless an index holds just these samples, with the vectors of these colors."""
    vectors, ids, _ = dataset.load_brain_results("colors").get_embeddings()
    assert sorted(ids.tolist()) == sorted(expected)
    want = [color_vector(*expected[sample_id]) for sample_id in ids]
    np.testing.assert_allclose(vectors, want, atol=1e-6)


def _plain(dataset: fo.Dataset) -> dict[str, tuple[int, int, int]]:
    """The colors of the fixture's images."""
    ids, numbers = dataset.values(["id", "number"])
    return {
        sample_id: (20 * i, 255 - 20 * i, 40) for sample_id, i in zip(ids, numbers, strict=True)
    }


def _change(dataset: fo.Dataset, folder: Path) -> dict[str, tuple[int, int, int]]:
    """Adds two samples, deletes one, repaints two files; returns the resulting colors."""
    new = [(0, 0, 200), (200, 0, 0)]
    for i, color in enumerate(new):
        _paint(folder / f"new{i}.png", color)
    added = dataset.add_samples([fo.Sample(str(folder / f"new{i}.png")) for i in range(2)])
    ids, paths = dataset.values(["id", "filepath"])
    colors = _plain(dataset[:12]) | dict(zip(added, new, strict=True))
    dataset.delete_samples(ids[5])
    del colors[ids[5]]
    for i in (0, 7):
        colors[ids[i]] = (10 + i, 20, 220)
        _paint(paths[i], colors[ids[i]])
    return colors


def test_each_difference_is_counted_and_repaired(
    dataset: fo.Dataset, tmp_path: Path, model: MeanColor
) -> None:
    ids, paths = dataset.values(["id", "filepath"])
    Path(paths[3]).write_bytes(b"nothing")
    fiftyone_faiss.build_index(dataset, "colors", model="mean-color")
    assert _embedded(model) == 11
    health = fiftyone_faiss.index_health(dataset, check_media=True)
    assert _counts(health) == (11, 0, 0, 1, 0, True)
    assert (health.brain_key, health.unindexed, health.tuning) == ("colors", 0, None)
    assert health.is_current

    colors = _change(dataset, tmp_path)
    assert _counts(fiftyone_faiss.index_health(dataset)) == (11, 2, 1, 1, None, True)
    health = fiftyone_faiss.index_health(dataset, check_media=True)
    assert _counts(health) == (11, 2, 1, 1, 2, True)
    assert not health.is_current
    assert health.to_dict()["changed"] == 2

    report = fiftyone_faiss.update_index(dataset)
    assert _embedded(model) == 2
    assert (report.size, set(report.failures)) == (12, {ids[3]})
    health = fiftyone_faiss.index_health(dataset, check_media=True)
    assert _counts(health) == (12, 0, 0, 1, 2, True)

    fiftyone_faiss.update_index(dataset, check_media=True)
    assert _embedded(model) == 2
    assert _counts(fiftyone_faiss.index_health(dataset, check_media=True)) == (12, 0, 0, 1, 0, True)
    del colors[ids[3]]
    _check_colors(dataset, colors)

    colors[ids[3]] = (9, 9, 9)
    _paint(paths[3], colors[ids[3]])
    report = fiftyone_faiss.update_index(dataset)
    assert (_embedded(model), report.size, report.added, report.failures) == (1, 13, 1, {})
    assert _counts(fiftyone_faiss.index_health(dataset, check_media=True)) == (13, 0, 0, 0, 0, True)
    _check_colors(dataset, colors)

    generation = dataset.load_brain_results("colors").snapshot.manifest.generation
    fiftyone_faiss.update_index(dataset, check_media=True)
    assert _embedded(model) == 0
    assert dataset.load_brain_results("colors").snapshot.manifest.generation == generation


def test_all_differences_are_repaired_at_once(
    dataset: fo.Dataset, tmp_path: Path, model: MeanColor
) -> None:
    fiftyone_faiss.build_index(dataset, "colors", model="mean-color")
    _embedded(model)
    colors = _change(dataset, tmp_path)
    report = fiftyone_faiss.update_index(dataset, check_media=True)
    assert (_embedded(model), report.size, report.failures) == (4, 13, {})
    _check_colors(dataset, colors)
    assert fiftyone_faiss.index_health(dataset, check_media=True).is_current


def test_labels_are_compared_one_by_one(patches: Points, model: MeanColor) -> None:
    dataset = patches.dataset
    fiftyone_faiss.build_index(dataset, "colors", model="mean-color", patches_field="things")
    assert _embedded(model) == 18
    assert _counts(fiftyone_faiss.index_health(dataset, check_media=True)) == (18, 0, 0, 0, 0, True)
    gone = [patches.label_ids[i] for i in (0, 1, 4)]
    dataset.delete_labels(ids=gone, fields="things")
    sample = dataset.last()
    sample.things.detections.append(fo.Detection(label="c", bounding_box=[0, 0, 1, 1]))
    sample.save()
    # Both boxes of the second sample's image were changed, but one of them is no more.
    _paint(dataset.skip(3).first().filepath, (1, 2, 3))
    health = fiftyone_faiss.index_health(dataset, check_media=True)
    changed = len(dataset.skip(3).first().things.detections)
    assert _counts(health) == (18, 1, 3, 0, changed, True)
    fiftyone_faiss.update_index(dataset, check_media=True)
    assert _embedded(model) == 1 + changed
    results = dataset.load_brain_results("colors")
    labels = dataset.values("things.detections.id", unwind=True)
    assert sorted(results.label_ids.tolist()) == sorted(labels)
    for label in dataset.skip(3).first().things.detections:
        vector = results.get_embeddings(label_ids=[label.id])[0]
        np.testing.assert_allclose(vector, [color_vector(1, 2, 3)], atol=1e-6)
    assert fiftyone_faiss.index_health(dataset, check_media=True).is_current


def test_failures_of_deleted_samples_are_removed(dataset: fo.Dataset, model: MeanColor) -> None:
    ids, paths = dataset.values(["id", "filepath"])
    for i in (3, 8):
        Path(paths[i]).write_bytes(b"nothing")
    fiftyone_faiss.build_index(dataset, "colors", model="mean-color")
    dataset.delete_samples(ids[3])
    assert fiftyone_faiss.index_health(dataset).failed == 1
    report = fiftyone_faiss.update_index(dataset)
    assert set(report.failures) == {ids[8]}
    (info,) = fiftyone_faiss.list_indexes(dataset)
    assert info.failures == 1


# -- another model -----------------------------------------------------------------------------


def test_everything_is_embedded_again_if_the_weights_changed(
    dataset: fo.Dataset, model: MeanColor, monkeypatch: pytest.MonkeyPatch
) -> None:
    fiftyone_faiss.build_index(dataset, "colors", model="mean-color")
    before = dataset.load_brain_results("colors").get_embeddings()[0]
    swapped = _provide(SwappedColor(), monkeypatch)
    health = fiftyone_faiss.index_health(dataset)
    assert _counts(health) == (12, 0, 0, 0, None, False)
    assert not health.is_current
    fiftyone_faiss.update_index(dataset)
    assert _embedded(swapped) == 12
    after, ids, _ = dataset.load_brain_results("colors").get_embeddings()
    order = [dataset.values("id").index(sample_id) for sample_id in ids]
    np.testing.assert_array_equal(after, before[order][:, ::-1])
    assert _counts(fiftyone_faiss.index_health(dataset)) == (12, 0, 0, 0, None, True)
    fiftyone_faiss.update_index(dataset)
    assert _embedded(swapped) == 0


def test_a_stopped_update_saves_its_vectors(
    dataset: fo.Dataset, tmp_path: Path, model: MeanColor, monkeypatch: pytest.MonkeyPatch
) -> None:
    fiftyone_faiss.build_index(dataset, "colors", model="mean-color")
    colors = _change(dataset, tmp_path)
    swapped = _provide(SwappedColor(), monkeypatch)
    monkeypatch.setattr(embedding, "COMMIT_SECONDS", 0.0)
    steps = update_index_steps(
        dataset, "colors", check_media=True, execution=Execution(batch_size=3)
    )
    for step in steps:
        if step.done == 6:
            break
    steps.close()
    _embedded(swapped)
    results = dataset.load_brain_results("colors")
    stale = results.snapshot.rows_not_of_model(swapped.fingerprint)
    health = fiftyone_faiss.index_health(dataset, check_media=True)
    # The first six were the two that were missing, two that had changed, two of the others.
    assert len(stale) == 7
    assert _counts(health) == (13, 0, 0, 0, 0, False)
    fiftyone_faiss.update_index(dataset, check_media=True)
    assert _embedded(swapped) == 7
    _check_colors(dataset, {sample_id: color[::-1] for sample_id, color in colors.items()})
    assert fiftyone_faiss.index_health(dataset, check_media=True).is_current


# -- lost files --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["samples", "detections"])
def test_missing_files_are_rebuilt_from_the_field(
    dataset: fo.Dataset, rng: np.random.Generator, kind: str
) -> None:
    points = points_of(dataset, kind, rng)
    results = fob.compute_similarity(
        dataset,
        backend="faiss",
        brain_key="given",
        embeddings=False,
        embeddings_field="emb",
        patches_field=points.patches_field,
        metric="euclidean",
    )
    results.add_to_index(*points.added)
    shutil.rmtree(results.path)
    dataset.clear_cache()
    with pytest.raises(ValueError, match="update_index") as error:
        fiftyone_faiss.index_health(dataset)
    assert str(results.path) in str(error.value)
    assert one_sentence(error.value)
    report = fiftyone_faiss.update_index(dataset)
    assert (report.size, report.added) == (len(points.ids), len(points.ids))
    loaded = dataset.load_brain_results("given", cache=False)
    check_stored(loaded, points)
    check_answers(loaded, points.vectors[4], points)


def test_missing_files_are_rebuilt_with_the_model(dataset: fo.Dataset, model: MeanColor) -> None:
    fiftyone_faiss.build_index(dataset, "colors", model="mean-color")
    _embedded(model)
    shutil.rmtree(dataset.load_brain_results("colors").path)
    report = fiftyone_faiss.update_index(dataset)
    assert (_embedded(model), report.size, report.added) == (12, 12, 12)
    _check_colors(dataset, _plain(dataset))
    assert _counts(fiftyone_faiss.index_health(dataset, check_media=True)) == (12, 0, 0, 0, 0, True)


def test_given_vectors_cannot_be_rebuilt(points: Points) -> None:
    results, by_sample = points.index(), points.label_ids is None
    gone = points.ids[2:4]
    if by_sample:
        points.dataset.delete_samples(gone)
    else:
        points.dataset.delete_labels(ids=gone, fields=points.patches_field)
    total = len(points.ids)
    assert _counts(fiftyone_faiss.index_health(points.dataset)) == (total, 0, 2, 0, None, None)
    report = fiftyone_faiss.update_index(points.dataset)
    assert (report.size, report.added, report.failures) == (total - 2, 0, {})
    rest = points.at([i for i in range(total) if i not in (2, 3)])
    check_stored(results, rest)

    results.remove_from_index(**{"sample_ids" if by_sample else "label_ids": rest.ids[:3]})
    assert _counts(fiftyone_faiss.index_health(points.dataset)) == (total - 5, 3, 0, 0, None, None)
    with pytest.raises(ValueError, match="does not name a model to make 3 vectors with") as error:
        fiftyone_faiss.update_index(points.dataset)
    assert one_sentence(error.value)
    check_stored(results, rest.at(range(3, len(rest.ids))))


# -- corruption ------------------------------------------------------------------------------------


def _flip(path: Path) -> None:
    """Changes one byte in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)


def test_a_damaged_segment_is_named(samples: Points) -> None:
    results = samples.index()
    assert fiftyone_faiss.verify_index(samples.dataset) == []
    (segment,) = results.path.glob("*.segment")
    _flip(segment)
    samples.dataset.clear_cache()
    (problem,) = fiftyone_faiss.verify_index(samples.dataset)
    assert problem.startswith(f"{segment} is damaged")
    assert one_sentence(problem)
    segment.unlink()
    assert fiftyone_faiss.verify_index(samples.dataset) == [f"{segment} is missing."]


@pytest.mark.parametrize("repair", ["verify", "update"])
@pytest.mark.parametrize("corruption", ["flipped", "missing", "cut"])
def test_a_damaged_faiss_index_is_rebuilt(corruption: str, repair: str) -> None:
    large = Large.make(samples=300, labeled=1)
    points = large.points("samples", 300)
    path = create(points, index_type="sq8").path
    (file,) = path.glob("*.derived")
    data = file.read_bytes()
    {
        "flipped": lambda: _flip(file),
        "missing": file.unlink,
        "cut": lambda: file.write_bytes(data[:-9]),
    }[corruption]()
    large.dataset.clear_cache()
    results = large.dataset.load_brain_results("given")
    expected = nearest_ids(points.vectors[9], points, "cosine", 10)
    assert neighbors_of(results, points.vectors[9], 10)[0] == expected
    if repair == "verify":
        problems = fiftyone_faiss.verify_index(large.dataset)
        assert problems == [f"{file} is missing or damaged."]
    else:
        assert fiftyone_faiss.update_index(large.dataset).size == 300
    ann_index = results.snapshot.manifest.ann_index
    assert ann_index.rows == 300
    assert results.store.problem_of(ann_index.file) is None
    assert fiftyone_faiss.verify_index(large.dataset) == []
    assert neighbors_of(results, points.vectors[9], 10)[0] == expected
    check_holds(results, points)
    large.dataset.delete()


def test_an_intact_file_that_faiss_cannot_read_is_rebuilt() -> None:
    large = Large.make(samples=300, labeled=1)
    points = large.points("samples", 300)
    for repair in (fiftyone_faiss.verify_index, fiftyone_faiss.update_index):
        store = create(points, index_type="sq8").store
        info = store.snapshot().manifest.ann_index
        # As if another FAISS had written it.
        data = b"Zz99" + (store.path / info.file.name).read_bytes()[4:]
        save_index_file(store, data, **info.metadata)
        large.dataset.clear_cache()
        results = large.dataset.load_brain_results("given")
        expected = nearest_ids(points.vectors[9], points, "cosine", 10)
        assert neighbors_of(results, points.vectors[9], 10)[0] == expected
        answer = repair(large.dataset)
        assert not isinstance(answer, list) or "could not be opened by FAISS" in answer[0]
        assert fiftyone_faiss.verify_index(large.dataset) == []
        rebuilt = store.path / store.snapshot().manifest.ann_index.file.name
        assert rebuilt.read_bytes()[:4] != b"Zz99"
        large.dataset.delete_brain_run("given")
    large.dataset.delete()


# -- another process ---------------------------------------------------------------------------

OTHER = """
import numpy as np
import fiftyone as fo
import fiftyone_faiss

results = fo.load_dataset({name!r}).load_brain_results("given")
vectors, ids, _ = results.get_embeddings()
results.remove_from_index(sample_ids=[{removed!r}])
results.add_to_index(np.array({vectors!r}, np.float32), {ids!r})
"""


def test_a_query_sees_changes_of_other_processes(samples: Points) -> None:
    first = samples.at(range(11))
    results = first.index()
    check_answers(results, samples.vectors[11], first, None)
    # The last is new, the third is another.
    vectors = np.stack([samples.vectors[11], -samples.vectors[2]])
    code = OTHER.format(
        name=samples.dataset.name,
        removed=samples.ids[5],
        vectors=vectors.tolist(),
        ids=[samples.ids[11], samples.ids[2]],
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    changed = samples.vectors.copy()
    changed[2] *= -1
    now = samples.with_vectors(changed).at([i for i in range(12) if i != 5])
    check_answers(results, samples.vectors[11], now, None)
    check_stored(results, now)
    neighbors = fiftyone_faiss.search(samples.dataset, samples.vectors[11], k=12)
    assert neighbors.ids[0] == samples.ids[11]
    assert samples.ids[5] not in neighbors.ids


def test_force_and_retry_failed(dataset: fo.Dataset, model: MeanColor) -> None:
    path = Path(dataset.first().filepath)
    whole = path.read_bytes()
    path.write_bytes(b"")
    fiftyone_faiss.build_index(dataset, "colors", model="mean-color")
    reasons = {dataset.first().id: "the file is empty"}
    assert fiftyone_faiss.list_failures(dataset, "colors") == reasons
    path.write_bytes(whole)
    _embedded(model)
    left = fiftyone_faiss.update_index(dataset, "colors", retry_failed=False)
    assert (left.size, _embedded(model)) == (11, 0)
    assert fiftyone_faiss.list_failures(dataset, "colors") == reasons
    again = fiftyone_faiss.update_index(dataset, "colors", force=True)
    assert (again.size, again.added, _embedded(model)) == (12, 12, 12)
    assert fiftyone_faiss.list_failures(dataset, "colors") == {}

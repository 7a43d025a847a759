"""Building indexes: the stored vectors, failures, resumed builds, invalid arguments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from PIL import Image
from support.colors import MeanColor, color_vector
from support.distances import reference

import fiftyone_faiss
from fiftyone_faiss.brain import Execution
from fiftyone_faiss.brain.core.files import FileSystem
from fiftyone_faiss.brain.indexing import building, embedding
from fiftyone_faiss.embedders import registry

COLORS = np.array([color_vector(20 * i, 255 - 20 * i, 40) for i in range(12)])


def test_the_index_holds_the_vector_of_every_image(dataset) -> None:
    report = fiftyone_faiss.build_index(dataset, "colors", model=MeanColor())
    assert (report.size, report.added, report.failures) == (12, 12, {})
    assert str(report) == "Index 'colors' holds 12 vectors, 12 new."
    vectors, ids, _ = dataset.load_brain_results("colors").get_embeddings()
    assert ids.tolist() == dataset.values("id")
    np.testing.assert_allclose(vectors, COLORS, atol=1e-6)


def test_a_run_that_was_registered_and_not_saved_is_finished(dataset) -> None:
    index = fiftyone_faiss.build_index(dataset, "colors", model=MeanColor())
    results = dataset.load_brain_results("colors")
    # As if the process had ended, or lost its database, before it saved the results.
    config = dataset.get_brain_info("colors").config
    dataset.delete_brain_run("colors")
    config.build().register_run(dataset, "colors", overwrite=False)
    (info,) = fiftyone_faiss.list_indexes(dataset)
    assert "'colors' is being made, or was never finished" in info.problem
    report = fiftyone_faiss.build_index(dataset, "colors", model=MeanColor())
    assert (report.size, report.added) == (index.size, 12)
    again = dataset.load_brain_results("colors")
    assert again.path != results.path
    np.testing.assert_allclose(again.get_embeddings()[0], COLORS, atol=1e-6)


def test_only_broken_images_fail_and_they_are_retried(dataset) -> None:
    paths = [Path(path) for path in dataset.values("filepath")]
    good = paths[3].read_bytes()
    paths[3].write_bytes(good[:60])
    paths[8].unlink()
    ids = dataset.values("id")
    report = fiftyone_faiss.build_index(dataset, "colors", model=MeanColor())
    assert report.size == 10
    assert set(report.failures) == {ids[3], ids[8]}
    assert "missing" in report.failures[ids[8]]
    assert str(report).endswith("; 2 failed.")
    (info,) = fiftyone_faiss.list_indexes(dataset)
    assert (info.size, info.failures) == (10, 2)

    paths[3].write_bytes(good)
    embedder = MeanColor()
    report = fiftyone_faiss.build_index(dataset, "colors", model=embedder)
    assert (report.size, report.added, set(report.failures)) == (11, 1, {ids[8]})
    assert sum(embedder.batches) == 1


class Reweighted(MeanColor):
    """The same name, other vectors."""

    fingerprint = "mean-color-2"

    def embed_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        return np.ascontiguousarray(super().embed_images(images)[:, ::-1])


def test_vectors_of_different_weights_are_not_mixed(dataset, monkeypatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    fiftyone_faiss.register_embedder("mean-color", MeanColor)
    fiftyone_faiss.build_index(dataset[:5], "colors", model="mean-color")
    fiftyone_faiss.register_embedder("mean-color", Reweighted)
    with pytest.raises(ValueError) as caught:
        fiftyone_faiss.build_index(dataset, "colors", model="mean-color")
    assert str(caught.value) == (
        "5 vectors of the index 'colors' were made with other weights than those of 'mean-color' "
        "now; embed them again with update_index(dataset, 'colors'), or choose another brain_key."
    )
    vectors, ids, _ = dataset.load_brain_results("colors").get_embeddings()
    np.testing.assert_allclose(vectors, COLORS[:5], atol=1e-6)
    # What the sentence says helps.
    fiftyone_faiss.update_index(dataset, "colors")
    assert fiftyone_faiss.build_index(dataset, "colors", model="mean-color").added == 0
    vectors, ids, _ = dataset.load_brain_results("colors").get_embeddings()
    order = [dataset.values("id").index(sample_id) for sample_id in ids]
    np.testing.assert_allclose(vectors, COLORS[order][:, ::-1], atol=1e-6)


def mean_color(images: Sequence[Image.Image]) -> np.ndarray:
    """Returns the mean color of each image."""
    return np.array([np.asarray(image).mean(axis=(0, 1)) for image in images])


def dark_color(images: Sequence[Image.Image]) -> np.ndarray:
    """Returns the darkest color of each image."""
    return np.array([np.asarray(image).min(axis=(0, 1)) for image in images])


def test_vectors_of_different_functions_are_not_mixed(dataset) -> None:
    fiftyone_faiss.build_index(dataset[:5], "nameless", model=mean_color)
    with pytest.raises(ValueError, match="now; delete that index, or choose another brain_key"):
        fiftyone_faiss.build_index(dataset, "nameless", model=dark_color)


def test_each_flush_is_one_commit_of_vectors_and_failures(dataset, monkeypatch) -> None:
    monkeypatch.setattr(embedding, "COMMIT_SECONDS", 0.0)
    paths, ids = dataset.values(["filepath", "id"])
    for i in (1, 3, 4, 5):
        Path(paths[i]).unlink()
    steps = building.build_index_steps(
        dataset, "colors", MeanColor(), execution=Execution(batch_size=3)
    )
    states = []
    for step in steps:
        if step.what == "embedded" and step.done:
            manifest = dataset.load_brain_results("colors").snapshot.manifest
            states.append((step.done, manifest.generation, sorted(manifest.failures)))
    first = states[0][1]
    expected = [(3, 0, [1]), (6, 1, [1, 3, 4, 5]), (9, 2, [1, 3, 4, 5]), (12, 3, [1, 3, 4, 5])]
    assert states == [
        (done, first + commits, sorted(ids[i] for i in failed))
        for done, commits, failed in expected
    ]
    # The empty store is the first generation.
    assert first == 1
    fingerprint = dataset.load_brain_results("colors").snapshot.manifest.metadata["fingerprint"]
    assert fingerprint == "mean-color-1"


def test_a_failed_commit_loses_neither_vectors_nor_failures(dataset, monkeypatch) -> None:
    monkeypatch.setattr(embedding, "COMMIT_SECONDS", 0.0)
    paths, ids = dataset.values(["filepath", "id"])
    for i in (1, 7):
        Path(paths[i]).unlink()
    steps = building.build_index_steps(
        dataset, "colors", MeanColor(), execution=Execution(batch_size=6)
    )
    while next(steps).done < 6:
        pass
    index = dataset.load_brain_results("colors")
    replace = FileSystem.replace

    def fail(self: FileSystem, source: Path, target: Path) -> None:
        raise OSError("the disk was removed")

    monkeypatch.setattr(FileSystem, "replace", fail)
    with pytest.raises(ValueError, match="the disk was removed"):
        list(steps)
    monkeypatch.setattr(FileSystem, "replace", replace)
    # The first commit is complete, and nothing of the second one counts.
    assert index.sample_ids.tolist() == [ids[i] for i in (0, 2, 3, 4, 5)]
    assert list(index.snapshot.manifest.failures) == [ids[1]]
    report = fiftyone_faiss.build_index(dataset, "colors", model=MeanColor())
    assert (report.size, report.added, set(report.failures)) == (10, 5, {ids[1], ids[7]})


def test_only_new_samples_are_embedded_the_next_time(dataset, tmp_path) -> None:
    fiftyone_faiss.build_index(dataset, "colors", model=MeanColor())
    path = tmp_path / "new.png"
    Image.new("RGB", (8, 8), (0, 0, 200)).save(path)
    new = dataset.add_sample(fo.Sample(str(path)))
    embedder = MeanColor()
    report = fiftyone_faiss.build_index(dataset, "colors", model=embedder)
    assert (report.size, report.added, sum(embedder.batches)) == (13, 1, 1)
    vector = dataset.load_brain_results("colors").get_embeddings(sample_ids=[new])[0]
    np.testing.assert_allclose(vector, [color_vector(0, 0, 200)], atol=1e-6)


def test_a_stopped_build_is_resumed(dataset, monkeypatch) -> None:
    monkeypatch.setattr(embedding, "COMMIT_SECONDS", 0.0)
    steps = building.build_index_steps(
        dataset, "colors", MeanColor(), execution=Execution(batch_size=3)
    )
    for step in steps:
        if step.done == 6:
            break
    steps.close()
    (info,) = fiftyone_faiss.list_indexes(dataset)
    assert info.size == 6
    embedder = MeanColor()
    report = fiftyone_faiss.build_index(dataset, "colors", model=embedder)
    assert (report.size, report.added, sum(embedder.batches)) == (12, 6, 6)
    vectors, ids, _ = dataset.load_brain_results("colors").get_embeddings()
    assert ids.tolist() == dataset.values("id")
    np.testing.assert_allclose(vectors, COLORS, atol=1e-6)


def test_progress_counts_failures(dataset) -> None:
    Path(dataset.first().filepath).write_bytes(b"")
    steps = list(
        building.build_index_steps(
            dataset, "colors", MeanColor(), execution=Execution(batch_size=4)
        )
    )
    assert [step.done for step in steps] == [0, 4, 8, 12]
    assert steps[-1].failed == 1
    assert steps[-1].fraction == 1.0
    assert re.fullmatch(r"12 of 12 embedded, \d+ a second, 0 s left, 1 failed", str(steps[-1]))


def test_the_rate_of_a_build_is_kept(dataset) -> None:
    # The rate of twelve images says little about many.
    fiftyone_faiss.build_index(dataset, "colors", model=MeanColor())
    assert fiftyone_faiss.list_indexes(dataset)[0].rate is None
    dataset.add_samples([fo.Sample(path) for path in dataset.values("filepath") * 2])
    report = fiftyone_faiss.build_index(dataset, "colors", model=MeanColor())
    rate = fiftyone_faiss.list_indexes(dataset)[0].rate
    assert (report.added, rate is not None and rate > report.added / report.seconds) == (24, True)
    dataset.add_sample(fo.Sample(dataset.first().filepath))
    fiftyone_faiss.update_index(dataset, "colors")
    assert fiftyone_faiss.list_indexes(dataset)[0].rate == rate


def test_only_the_samples_of_a_view_are_indexed(dataset) -> None:
    report = fiftyone_faiss.build_index(dataset[:5], "colors", model=MeanColor())
    assert report.size == 5
    sample_ids = dataset.load_brain_results("colors").sample_ids.tolist()
    assert sample_ids == dataset[:5].values("id")


def test_patches_are_cropped_from_their_image(dataset) -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    image[:20] = (200, 0, 0)
    image[20:] = (0, 0, 200)
    sample = dataset.first()
    Image.fromarray(image).save(sample.filepath)
    halves = [[0, 0, 1, 0.5], [0, 0.5, 1, 0.5]]
    sample["halves"] = fo.Detections(
        detections=[fo.Detection(label=str(i), bounding_box=box) for i, box in enumerate(halves)]
    )
    sample.save()
    report = fiftyone_faiss.build_index(
        dataset, "halves", model=MeanColor(), patches_field="halves"
    )
    assert report.size == 2
    vectors, sample_ids, label_ids = dataset.load_brain_results("halves").get_embeddings()
    assert sample_ids.tolist() == [sample.id, sample.id]
    assert label_ids.tolist() == [detection.id for detection in sample.halves.detections]
    np.testing.assert_allclose(
        vectors, [color_vector(200, 0, 0), color_vector(0, 0, 200)], atol=1e-6
    )


@pytest.mark.parametrize("form", ["field", "array", "dict"])
def test_existing_embeddings_are_indexed_unchanged(dataset, rng, form) -> None:
    vectors = rng.normal(size=(12, 5)).astype(np.float32)
    ids = dataset.values("id")
    dataset.set_values("emb", list(vectors))
    given = {"field": "emb", "array": vectors, "dict": dict(zip(ids, vectors, strict=True))}[form]
    report = fiftyone_faiss.build_index(dataset, "given", embeddings=given)
    assert report.size == 12
    neighbors = fiftyone_faiss.search(dataset, ids[2], k=4)
    expected = reference(vectors[2:3], vectors, "cosine")[0]
    nearest = [ids[i] for i in np.argsort(expected)]
    assert (list(neighbors.pinned), neighbors.ids) == (nearest[:1], nearest[1:5])


def test_embeddings_are_written_to_a_field(dataset) -> None:
    path = Path(dataset.last().filepath)
    path.write_bytes(b"nothing")
    report = fiftyone_faiss.compute_embeddings(dataset, MeanColor(), embeddings_field="color")
    assert (report.embedded, list(report.failures)) == (11, [dataset.last().id])
    stored = dataset.values("color")
    np.testing.assert_allclose(np.array(stored[:11]), COLORS[:11], atol=1e-6)
    assert stored[11] is None


# -- bad input ---------------------------------------------------------------------------------


def refused(match: str, *args: object, **kwargs: object) -> None:
    with pytest.raises(ValueError, match=match):
        fiftyone_faiss.build_index(*args, **kwargs)


def test_invalid_arguments_leave_no_index(dataset, tmp_path) -> None:
    refused("Give a model to embed with, or embeddings", dataset, "one")
    refused("There is no model 'no-such-model'", dataset, "one", model="no-such-model")
    refused("'things' is not a field of detections", dataset, "one", MeanColor(), None, "things")
    refused("There is no field 'emb' with embeddings", dataset, "one", embeddings="emb")
    refused("'manhattan' is no metric", dataset, "one", MeanColor(), metric="manhattan")
    refused("not an index_type", dataset, "one", MeanColor(), index_type="forest")
    assert not dataset.list_brain_runs()


def test_a_dataset_with_nothing_to_embed_is_refused(tmp_path) -> None:
    empty = fo.Dataset()
    refused("has no samples", empty, "one", MeanColor())
    video = fo.Dataset()
    video.add_sample(fo.Sample(str(tmp_path / "film.mp4")))
    refused("holds videos; embed their frames", video, "one", MeanColor())
    name = empty.name
    empty.delete()
    refused(f"'{name}' was deleted", empty, "one", MeanColor())
    video.delete()


def test_no_index_is_left_if_all_files_are_missing(dataset) -> None:
    for path in dataset.values("filepath"):
        Path(path).unlink()
    refused("None of the 12 images could be read", dataset, "one", MeanColor())
    assert not dataset.list_brain_runs()


def test_an_existing_run_is_not_overwritten(dataset) -> None:
    fiftyone_faiss.build_index(dataset, "one", model=MeanColor())
    refused("metric='cosine', not 'euclidean'", dataset, "one", MeanColor(), metric="euclidean")
    fob.compute_similarity(dataset, backend="sklearn", embeddings=COLORS, brain_key="other")
    refused("other", dataset, "other", MeanColor())
    assert fiftyone_faiss.list_indexes(dataset)[0].size == 12
    assert sorted(dataset.list_brain_runs()) == ["one", "other"]


def test_the_progress_bar_shows_the_rate_and_the_failures(dataset, caplog) -> None:
    for path in dataset[3:5].values("filepath"):
        Path(path).unlink()
    fiftyone_faiss.build_index(dataset, "colors", model=MeanColor(), batch_size=4, progress=True)
    assert re.search(r"12/12 2 failed \[\S+ elapsed, 0s remaining, \S+ images/s\]", caplog.text)

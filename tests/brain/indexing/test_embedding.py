"""Computing embeddings: nothing lost, nothing done twice, and every failure has a reason."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import fiftyone as fo
import fiftyone.core.storage as fos
import numpy as np
import pytest
from PIL import Image
from support.colors import MeanColor, color_vector
from support.privileges import without_privileges

import fiftyone_faiss
from fiftyone_faiss.brain.indexing import embedding
from fiftyone_faiss.embedders import ImageSource

COLORS = np.array([color_vector(20 * i, 255 - 20 * i, 40) for i in range(12)])


def vectors_in(samples: fo.Dataset | fo.DatasetView, field: str = "embeddings") -> np.ndarray:
    return np.array(samples.values(field), np.float32)


class Counting(MeanColor):
    """Embeds mean colors, and counts the images embedded since the last call."""

    def count(self) -> int:
        count = sum(self.batches)
        self.batches.clear()
        return count


# -- existing embeddings, changed files, force ---------------------------------------------------


def test_samples_with_embeddings_are_skipped(dataset) -> None:
    model = Counting()
    report = fiftyone_faiss.compute_embeddings(dataset[:5], model)
    assert (report.embedded, report.skipped, model.count()) == (5, 0, 5)
    report = fiftyone_faiss.compute_embeddings(dataset, model)
    assert (report.embedded, report.skipped, model.count()) == (7, 5, 7)
    assert str(report) == "7 embedded, 5 skipped."
    np.testing.assert_allclose(vectors_in(dataset), COLORS, atol=1e-6)
    assert fiftyone_faiss.compute_embeddings(dataset, model).embedded == model.count() == 0


class Other(Counting):
    """Embeds mean colors with reversed channels.

    Args:
        room (1000): after how many images it breaks
    """

    name = "other-color"
    fingerprint = "other"

    def __init__(self, room: int = 1_000) -> None:
        super().__init__()
        self.room = room

    def embed_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        if sum(self.batches) + len(images) > self.room:
            raise RuntimeError("the model broke")
        return np.ascontiguousarray(super().embed_images(images)[:, ::-1])


def test_force_embeds_everything_again(dataset) -> None:
    fiftyone_faiss.compute_embeddings(dataset, Counting())
    with pytest.raises(ValueError) as caught:
        fiftyone_faiss.compute_embeddings(dataset, Other())
    assert str(caught.value) == (
        "The field 'embeddings' holds vectors of 'mean-color', whose weights are not those of "
        "'other-color'; pass force=True to embed everything again, or choose another "
        "embeddings_field."
    )
    np.testing.assert_allclose(vectors_in(dataset), COLORS, atol=1e-6)
    model = Other()
    assert fiftyone_faiss.compute_embeddings(dataset, model, force=True).embedded == 12
    np.testing.assert_allclose(vectors_in(dataset), COLORS[:, ::-1], atol=1e-6)
    assert fiftyone_faiss.compute_embeddings(dataset, model).skipped == 12
    # Of the same model, a part may be embedded again.
    report = fiftyone_faiss.compute_embeddings(dataset[:3], model, force=True)
    assert (report.embedded, report.skipped) == (3, 0)


def test_a_field_never_holds_vectors_of_two_models(dataset) -> None:
    fiftyone_faiss.compute_embeddings(dataset, Counting())
    with pytest.raises(
        ValueError, match=r"vectors of 'mean-color', .* and 8 of them belong to other samples"
    ):
        fiftyone_faiss.compute_embeddings(dataset[:4], Other(), force=True)
    np.testing.assert_allclose(vectors_in(dataset), COLORS, atol=1e-6)
    # One that cannot be read any more, and a run that breaks halfway.
    Path(dataset.skip(1).first().filepath).unlink()
    with pytest.raises(RuntimeError, match="the model broke"):
        fiftyone_faiss.compute_embeddings(dataset, Other(room=5), force=True, batch_size=3)
    assert len(dataset.exists("embeddings")) < 6
    report = fiftyone_faiss.compute_embeddings(dataset, Other())
    assert (report.embedded + report.skipped, len(report.failures)) == (11, 1)
    assert dataset.skip(1).first().embeddings is None
    np.testing.assert_allclose(
        vectors_in(dataset.exists("embeddings")), np.delete(COLORS, 1, axis=0)[:, ::-1], atol=1e-6
    )


def test_vectors_of_an_unknown_model_are_not_mixed(dataset) -> None:
    ones = np.ones(3)
    dataset.set_values("embeddings", [ones] * 5 + [None] * 7)
    with pytest.raises(ValueError, match="holds vectors of an unknown model; pass force"):
        fiftyone_faiss.compute_embeddings(dataset, Counting())
    np.testing.assert_array_equal(vectors_in(dataset[:5]), [ones] * 5)
    assert fiftyone_faiss.compute_embeddings(dataset, Counting(), force=True).embedded == 12
    np.testing.assert_allclose(vectors_in(dataset), COLORS, atol=1e-6)


def test_changed_files_are_embedded_again_on_request(dataset) -> None:
    model = Counting()
    fiftyone_faiss.compute_embeddings(dataset, model)
    path = Path(dataset.skip(3).first().filepath)
    Image.new("RGB", (32, 32), (9, 90, 200)).save(path)
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))
    assert fiftyone_faiss.compute_embeddings(dataset, model).embedded == 0
    model.count()
    report = fiftyone_faiss.compute_embeddings(dataset, model, check_media=True)
    assert report.embedded == model.count() == 1
    expected = COLORS.copy()
    expected[3] = color_vector(9, 90, 200)
    np.testing.assert_allclose(vectors_in(dataset), expected, atol=1e-6)


def test_a_changed_file_that_failed_is_retried(dataset) -> None:
    fiftyone_faiss.compute_embeddings(dataset, MeanColor())
    sample = dataset.skip(3).first()
    path = Path(sample.filepath)
    whole = path.read_bytes()
    path.write_bytes(b"")
    _touch(path, 1)
    report = fiftyone_faiss.compute_embeddings(dataset, MeanColor(), check_media=True)
    assert report.failures == {sample.id: "the file is empty"}
    # Its time is not after that of the last look.
    path.write_bytes(whole)
    _touch(path, -1_000)
    report = fiftyone_faiss.compute_embeddings(dataset, MeanColor(), check_media=True)
    assert (report.embedded, report.failures) == (1, {})
    assert fiftyone_faiss.list_failures(dataset, embeddings_field="embeddings") == {}


def test_checking_some_files_does_not_count_for_all(dataset) -> None:
    fiftyone_faiss.compute_embeddings(dataset, MeanColor())
    path = Path(dataset.last().filepath)
    Image.new("RGB", (32, 32), (9, 90, 200)).save(path)
    report = fiftyone_faiss.compute_embeddings(dataset[:4], MeanColor(), check_media=True)
    assert report.embedded == 0
    report = fiftyone_faiss.compute_embeddings(dataset, MeanColor(), check_media=True)
    assert report.embedded == 1
    np.testing.assert_allclose(dataset.last().embeddings, color_vector(9, 90, 200), atol=1e-6)
    report = fiftyone_faiss.compute_embeddings(dataset, MeanColor(), check_media=True)
    assert report.embedded == 0


def _touch(path: Path, seconds: int) -> None:
    """Says that a file changed so many seconds from now."""
    when = time.time_ns() + seconds * 10**9
    os.utime(path, ns=(when, when))


def test_failures_are_listed_and_retried(dataset) -> None:
    ids, paths = dataset.values(["id", "filepath"])
    lost, whole = Path(paths[4]), Path(paths[4]).read_bytes()
    lost.unlink()
    Path(paths[7]).write_bytes(b"")
    report = fiftyone_faiss.compute_embeddings(dataset, MeanColor(), "color")
    expected = {ids[4]: "the file is missing", ids[7]: "the file is empty"}
    assert report.failures == expected
    assert fiftyone_faiss.list_failures(dataset, embeddings_field="color") == expected
    dataset.reload()
    lost.write_bytes(whole)
    report = fiftyone_faiss.compute_embeddings(dataset, MeanColor(), "color")
    assert (report.embedded, report.failures) == (1, {ids[7]: "the file is empty"})
    left = fiftyone_faiss.list_failures(dataset, embeddings_field="color")
    assert left == {ids[7]: "the file is empty"}
    with pytest.raises(ValueError, match="The field 'other' was not written by compute_embeddings"):
        fiftyone_faiss.list_failures(dataset, embeddings_field="other")


def test_labels_with_embeddings_are_skipped(dataset) -> None:
    box = [0.0, 0.0, 0.5, 0.5]
    for sample in dataset:
        sample["things"] = fo.Detections(detections=[fo.Detection(bounding_box=box)])
        sample.save()
    model = Counting()
    fiftyone_faiss.compute_embeddings(dataset[:4], model, "color", patches_field="things")
    sample = dataset.first()
    sample.things.detections.append(fo.Detection(bounding_box=box))
    sample.save()
    model.count()
    report = fiftyone_faiss.compute_embeddings(dataset, model, "color", patches_field="things")
    assert (report.embedded, report.skipped, model.count()) == (9, 4, 9)
    stored = dataset.values("things.detections.color", unwind=True)
    np.testing.assert_allclose(stored, COLORS[[0, *range(12)]], atol=1e-6)
    with pytest.raises(ValueError, match="holds vectors of other regions of the images"):
        fiftyone_faiss.compute_embeddings(dataset, model, "color", patches_field="things", alpha=1)


def test_fields_with_the_same_name_are_independent(dataset) -> None:
    box = [0.0, 0.0, 0.5, 0.5]
    for sample in dataset:
        for name in ("things", "parts"):
            sample[name] = fo.Detections(detections=[fo.Detection(bounding_box=box)])
        sample.save()
    (lost,) = dataset.last().parts.detections
    lost.bounding_box = [2.0, 2.0, 0.1, 0.1]
    sample = dataset.last()
    sample.parts.detections = [lost]
    sample.save()
    for name in ("things", "parts", None):
        report = fiftyone_faiss.compute_embeddings(dataset, MeanColor(), "color", name)
        assert (report.embedded, report.skipped) == (11 if name == "parts" else 12, 0)
    for path in ("things.detections.color", "color"):
        np.testing.assert_allclose(np.stack(dataset.values(path, unwind=True)), COLORS, atol=1e-6)
    failures = fiftyone_faiss.list_failures(dataset, embeddings_field="color")
    assert list(failures) == [lost.id]
    # Those of one model, and of another, side by side.
    report = fiftyone_faiss.compute_embeddings(dataset, Other(), "color", "things", force=True)
    assert report.embedded == 12
    np.testing.assert_allclose(vectors_in(dataset, "color"), COLORS, atol=1e-6)


@pytest.fixture
def video(tmp_path: Path) -> Iterator[fo.Dataset]:
    """A video of 30 frames at 10 a second, each of two colors."""
    path = str(tmp_path / "a.mp4")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"mp4v"), 10, (64, 64))
    for i in range(30):
        pixels = np.full((64, 64, 3), (7 * i, 255 - 7 * i, 40), np.uint8)
        pixels[:32, :32] = (40, 7 * i, 200)
        writer.write(pixels)
    writer.release()
    dataset = fo.Dataset()
    dataset.add_sample(fo.Sample(path))
    yield dataset
    dataset.delete()


def check_frames(
    video: fo.Dataset, field: str, box: tuple[float, float, float, float], count: int
) -> None:
    """Asserts that so many frames have the vectors of this part of their images."""
    numbers, vectors = video.values(["frames.frame_number", field], unwind=True)
    stored = {n: vector for n, vector in zip(numbers, vectors, strict=True) if vector is not None}
    assert len(stored) == count
    path = video.first().filepath
    for number, vector in stored.items():
        pixels = ImageSource(path, box, frame=number).open()
        np.testing.assert_allclose(vector, MeanColor().embed_image(pixels), atol=1e-6)


def test_embeddings_of_frames_are_stored_in_the_frames(video: fo.Dataset) -> None:
    model = Counting()
    report = fiftyone_faiss.compute_embeddings(
        fiftyone_faiss.video_frames(video, every=1.0), model, "emb"
    )
    assert (report.embedded, model.count()) == (3, 3)
    frames = fiftyone_faiss.video_frames(video, every=0.5)
    report = fiftyone_faiss.compute_embeddings(frames, model, "emb")
    assert (report.embedded, report.skipped, model.count()) == (3, 3, 3)
    # The view is as it was made, and yet nothing is done twice.
    assert fiftyone_faiss.compute_embeddings(frames, model, "emb").skipped == 6
    check_frames(video, "frames.emb", (0, 0, 1, 1), 6)
    assert not video.has_sample_field("emb")
    with pytest.raises(
        ValueError, match=r"vectors of 'mean-color', .* and 3 of them belong to other samples"
    ):
        some = fiftyone_faiss.video_frames(video, every=1.0)
        fiftyone_faiss.compute_embeddings(some, Other(), "emb", force=True)
    assert fiftyone_faiss.compute_embeddings(frames, Other(), "emb", force=True).embedded == 6


def test_embeddings_of_frame_labels_are_stored_in_the_labels(video: fo.Dataset) -> None:
    fiftyone_faiss.video_frames(video, every=1.0)
    for frame in video.first().frames.values():
        frame["things"] = fo.Detections(detections=[fo.Detection(bounding_box=[0, 0, 0.5, 0.5])])
        frame.save()
    frames = fiftyone_faiss.video_frames(video, every=1.0)
    report = fiftyone_faiss.compute_embeddings(frames, MeanColor(), "emb", patches_field="things")
    assert report.embedded == 3
    check_frames(video, "frames.things.detections.emb", (0, 0, 0.5, 0.5), 3)
    report = fiftyone_faiss.compute_embeddings(frames, MeanColor(), "emb", patches_field="things")
    assert (report.embedded, report.skipped) == (0, 3)


# -- stopping ------------------------------------------------------------------------------------


def test_a_closed_run_saves_its_embeddings(dataset) -> None:
    model = Counting()
    steps = embedding.compute_embeddings_steps(
        dataset, model, execution=embedding.Execution(batch_size=2)
    )
    for step in steps:
        if step.done >= 4:
            steps.close()
    done = len(dataset.exists("embeddings"))
    assert 4 <= done < 12
    np.testing.assert_allclose(vectors_in(dataset[:done]), COLORS[:done], atol=1e-6)
    report = fiftyone_faiss.compute_embeddings(dataset, model)
    assert (report.embedded, report.skipped) == (12 - done, done)


def test_a_run_with_a_failing_model_saves_its_embeddings(dataset) -> None:
    class Failing(MeanColor):
        def embed_images(self, images: list[Image.Image]) -> np.ndarray:
            if sum(self.batches) >= 6:
                raise RuntimeError("the model broke")
            return super().embed_images(images)

    with pytest.raises(RuntimeError, match="the model broke"):
        fiftyone_faiss.build_index(dataset, "one", model=Failing(), batch_size=3)
    assert fiftyone_faiss.list_indexes(dataset)[0].size == 6
    report = fiftyone_faiss.build_index(dataset, "one", model=MeanColor())
    assert (report.size, report.added) == (12, 6)


# -- broken images -------------------------------------------------------------------------------


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300])


def _forbid(path: Path) -> None:
    path.chmod(0)


def _replace(path: Path, make: str) -> None:
    path.unlink()
    if make == "folder":
        path.mkdir()
    elif make == "pipe":
        os.mkfifo(path)
    elif make == "loop":
        path.symlink_to(path)


def _bomb(path: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(path.with_suffix(".png"), compress_level=9)
    path.with_suffix(".png").rename(path)


BREAKING = (
    (lambda path: path.unlink(), "the file is missing"),
    (lambda path: path.write_bytes(b""), "the file is empty"),
    (_truncate, "the file is cut short"),
    (lambda path: path.write_text("no pixels"), "the file is not an image"),
    (lambda path: path.write_bytes(bytes(5_000)), "the file is not an image"),
    (lambda path: _replace(path, "folder"), "the path is a folder"),
    (lambda path: _replace(path, "pipe"), "the path is not a regular file"),
    (lambda path: _replace(path, "loop"), "Too many levels of symbolic links"),
    (_bomb, "decompression bomb"),
    (_forbid, "the file may not be read"),
)


@pytest.fixture
def many(tmp_path: Path) -> Iterator[tuple[fo.Dataset, np.ndarray, dict[str, str]]]:
    """2,000 images, 40 of them broken in ten ways; their colors; what is wrong, by id."""
    rng = np.random.default_rng(51)
    colors = rng.integers(40, 256, (2_000, 3))
    paths = [tmp_path / f"{i:04}.jpg" for i in range(2_000)]
    for path, color in zip(paths, colors, strict=True):
        Image.new("RGB", (24, 24), tuple(color.tolist())).save(path, quality=95)
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(str(path)) for path in paths])
    ids = dataset.values("id")
    broken = {}
    for n, place in enumerate(rng.choice(2_000, 40, replace=False).tolist()):
        breaks, reason = BREAKING[n % len(BREAKING)]
        breaks(paths[place])
        broken[ids[place]] = reason
    yield dataset, colors, broken
    for path in paths:
        if path.is_file():
            path.chmod(0o600)
    dataset.delete()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_forty_broken_images_are_forty_failures(many) -> None:
    dataset, colors, broken = many
    with without_privileges():
        report = fiftyone_faiss.build_index(dataset, "color", model=MeanColor(), batch_size=64)
    assert (report.size, report.added) == (1_960, 1_960)
    assert report.failures.keys() == broken.keys()
    for sample_id, reason in broken.items():
        assert reason in report.failures[sample_id]
    assert fiftyone_faiss.list_failures(dataset, "color") == report.failures
    index = dataset.load_brain_results("color")
    vectors, ids, _ = index.get_embeddings()
    kept = [i for i, sample_id in enumerate(dataset.values("id")) if sample_id not in broken]
    assert ids.tolist() == [dataset.values("id")[i] for i in kept]
    # The neighbors of a broken image in its batch have their own, as exact as a JPEG.
    expected = np.array([color_vector(*colors[i]) for i in kept])
    assert ((vectors * expected).sum(axis=1)).min() > 0.9995


# -- other places --------------------------------------------------------------------------------


def test_remote_files_are_opened_by_fiftyone(dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """The open-source FiftyOne knows no other place, so one is made up at its own two doors."""
    here = dict(zip(dataset.values("id"), dataset.values("filepath"), strict=True))
    dataset.set_values("filepath", [f"s3://bucket/{sample_id}.png" for sample_id in here])
    open_file = fos.open_file

    def open_there(path: str, mode: str = "r") -> object:
        return open_file(here[path.split("/")[-1].removesuffix(".png")], mode)

    monkeypatch.setattr(fos, "is_local", lambda path: not path.startswith("s3://"))
    monkeypatch.setattr(fos, "open_file", open_there)
    fiftyone_faiss.build_index(dataset, "color", model=MeanColor())
    vectors, _, _ = dataset.load_brain_results("color").get_embeddings()
    np.testing.assert_allclose(vectors, COLORS, atol=1e-6)
    assert fiftyone_faiss.index_health(dataset, "color", check_media=True).changed == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"num_workers": -1}, "num_workers must be at least 1, got -1"),
        ({"engine": "spark"}, "engine must be 'local' or 'ray', got 'spark'"),
        ({"alpha": -1.0}, "alpha must be above -1, got -1.0"),
        ({"patches_field": "a", "roi_field": "b"}, "Give patches_field or roi_field, not both"),
        ({"embeddings_field": "no field"}, "'no field' is not a field name"),
    ],
)
def test_an_invalid_option_raises_one_sentence(dataset, options, sentence) -> None:
    with pytest.raises(ValueError, match=sentence):
        fiftyone_faiss.compute_embeddings(dataset, MeanColor(), **options)
    assert not dataset.has_field("embeddings")

"""Bad files are refused in one sentence, and leave neither a run nor a folder."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from support.colors import MeanColor
from support.exported import SUFFIXES, Unchanged, file_names, redescribe, write_table
from support.points import Points, check_stored, points_of
from support.stores import flip_bit

import fiftyone_faiss
from fiftyone_faiss.brain import load_faiss_index
from fiftyone_faiss.brain.core.optional import MissingDependencyError
from fiftyone_faiss.brain.transfer.formats import tables

# Bits are flipped at this many places of each file.
FLIPS = 40


@pytest.fixture(params=SUFFIXES)
def exported(request: pytest.FixtureRequest, samples: Points, tmp_path: Path) -> Path:
    """A file of each format."""
    samples.index()
    path = tmp_path / f"given{SUFFIXES[request.param]}"
    fiftyone_faiss.export_index(samples.dataset, "given", path)
    return path


def importing(points: Points, path: Path, **options: Any) -> Callable[[], Any]:
    return partial(fiftyone_faiss.import_index, points.dataset, path, "new", **options)


def refusal(points: Points, path: Path, **options: Any) -> str:
    """The sentence with which an import is refused, after which nothing is left."""
    return Unchanged(points.dataset).after(importing(points, path, **options))


def foreign(path: Path, **columns: Any) -> Path:
    """Writes a table as another program does."""
    write_table(pa.table(columns), path)
    return path


def test_a_wrong_dimension(samples: Points, exported: Path) -> None:
    sentence = refusal(samples, exported, model=MeanColor())
    assert sentence == (
        f"The vectors of {exported} have 8 dimensions but the model 'mean-color' has 3; give the "
        "model that made them."
    )
    redescribe(exported, model="colorhist")
    known = fiftyone_faiss.get_embedder("colorhist").dim
    assert f"but the model 'colorhist' has {known}; give" in refusal(samples, exported)
    redescribe(exported, model=None, dim=9)
    assert refusal(samples, exported) == (
        f"{exported} is damaged (its vectors have 8 dimensions instead of 9), so nothing was "
        "imported; copy or export it again."
    )


def test_vectors_of_several_lengths(samples: Points, tmp_path: Path) -> None:
    vectors = [vector.tolist() for vector in samples.vectors]
    vectors[4] = vectors[4][:5]
    path = foreign(tmp_path / "x.parquet", sample_id=samples.sample_ids, embedding=vectors)
    assert refusal(samples, path) == (
        f"Row 4 of {path} has 5 dimensions, but the first vector has 8; each row needs a vector of "
        "one model."
    )
    vectors[4] = None
    path = foreign(tmp_path / "x.arrow", sample_id=samples.sample_ids, embedding=vectors)
    assert refusal(samples, path).startswith(f"Row 4 of {path} has no vector, but the first")


def test_other_weights(samples: Points, exported: Path) -> None:
    redescribe(exported, model="mean-color", fingerprint="mean-color-0")
    model = MeanColor()
    model.dim = 8
    assert "were made with other weights than those of 'mean-color'" in refusal(
        samples, exported, model=model
    )


def test_missing_samples(samples: Points, exported: Path) -> None:
    first = samples.sample_ids[0]
    samples.dataset.delete_samples(first)
    assert refusal(samples, exported) == (
        f"1 of the 12 rows of {exported} belong to nothing in '{samples.dataset.name}', such as "
        f"'{first}', so nothing was imported; pass allow_missing=True to import the others."
    )
    samples.dataset.delete_samples(samples.sample_ids[1:])
    assert "12 of the 12 rows" in refusal(samples, exported, allow_missing=True)


def test_missing_ids(samples: Points, tmp_path: Path) -> None:
    vectors = list(samples.vectors)
    ids: list[str | None] = [*samples.sample_ids]
    ids[3] = None
    path = foreign(tmp_path / "x.parquet", sample_id=ids, embedding=vectors)
    assert refusal(samples, path) == (
        f"Row 3 of {path} has no sample_id; add it, or remove the row."
    )
    path = foreign(tmp_path / "y.arrow", embedding=vectors)
    assert refusal(samples, path) == (
        f"{path} has no ids; add a column 'sample_id' with the ids of the samples, or 'filepath' "
        "with the paths of their files."
    )
    path = tmp_path / "z.npy"
    np.save(path, samples.vectors)
    assert refusal(samples, path).startswith(
        f"The ids of {path} are missing; write them to {tmp_path / 'z.json'}, such as"
    )
    (tmp_path / "z.json").write_text(json.dumps({"sample_id": samples.sample_ids[:-1]}))
    assert "it has 12 vectors for 11 ids" in refusal(samples, path, allow_missing=True)
    (tmp_path / "z.json").write_text(json.dumps({"sample_id": ["7", *samples.sample_ids[1:]]}))
    assert refusal(samples, path) == "'7' is not an id; ids have 24 hexadecimal digits."
    (tmp_path / "z.json").write_text(json.dumps({"sample_id": [7] * 12}))
    assert "must hold texts" in refusal(samples, path)


def test_keys_that_were_not_exported(samples: Points, exported: Path) -> None:
    assert refusal(samples, exported, match="content_hash") == (
        f"{exported} has no content hashes; export it with content_hashes=True, or pass match='id' "
        "or match='filepath'."
    )


def test_labels_without_boxes(samples: Points, tmp_path: Path) -> None:
    labels = points_of(samples.dataset, "detections", np.random.default_rng(51))
    path = tmp_path / "x.parquet"
    files = [samples.dataset[id].filepath for id in labels.sample_ids]
    foreign(path, label_id=labels.label_ids, filepath=files, embedding=list(labels.vectors))
    assert refusal(samples, path, match="filepath", patches_field="things") == (
        f"{path} has no column 'bounding_box', which tells the labels of a file apart; add it, or "
        "pass match='id'."
    )


def test_duplicate_ids(samples: Points, tmp_path: Path) -> None:
    ids = [*samples.sample_ids[:-1], samples.sample_ids[0]]
    for suffix in (".parquet", ".arrow"):
        path = tmp_path / f"x{suffix}"
        foreign(path, sample_id=ids, embedding=list(samples.vectors))
        assert refusal(samples, path, allow_missing=True) == (
            f"{path} has 2 rows with the sample_id '{ids[0]}'; each row needs an id of its own, so "
            "remove the others."
        )


def test_a_newer_version(samples: Points, exported: Path) -> None:
    redescribe(exported, format_version=2, dim="not even a number")
    named = exported.with_suffix(".json") if exported.suffix == ".npy" else exported
    assert refusal(samples, exported) == (
        f"{named} was written by a newer fiftyone-faiss (format 2, this version reads up to 1); "
        "upgrade fiftyone-faiss, or export it in an older format."
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"count": 11}, "its ids are not those that were exported"),
        ({"keys_hash": "0" * 64}, "its ids are not those that were exported"),
        ({"vectors_hash": "0" * 64}, "its vectors are not those that were exported"),
        ({"metric": "jaccard"}, "in its description, metric is not one of cosine"),
        ({"frames": [1]}, "in its description, frames is not a JSON object"),
        ({"format_version": "1"}, "in its description, format_version is not an integer"),
    ],
)
def test_a_description_of_other_rows(
    samples: Points, exported: Path, changes: dict[str, Any], reason: str
) -> None:
    redescribe(exported, **changes)
    assert f"is damaged ({reason}" in refusal(samples, exported)


def test_flipped_bits(samples: Points, exported: Path) -> None:
    """Each flipped bit is noticed, unless it changes nothing of what is imported."""
    files = [exported, *exported.parent.glob("given.json")]
    unnoticed = 0
    for file in files:
        size = file.stat().st_size
        for place in np.unique(np.linspace(0, size - 1, FLIPS // len(files)).astype(int)).tolist():
            flip_bit(file, place, place % 8)
            try:
                refusal(samples, exported)
            except AssertionError as error:
                assert "it did not fail" in str(error), (file, place)
                # Padding, or times of a ZIP file.
                check_stored(load_faiss_index(samples.dataset, "new"), samples)
                fiftyone_faiss.delete_index(samples.dataset, "new")
                unnoticed += 1
            flip_bit(file, place, place % 8)
    assert unnoticed < FLIPS / 2
    importing(samples, exported)()
    check_stored(load_faiss_index(samples.dataset, "new"), samples)


def test_flipped_bits_of_vectors_are_always_noticed(samples: Points, exported: Path) -> None:
    data, vectors = exported.read_bytes(), samples.vectors.tobytes()
    start = data.index(vectors)
    for place in range(start, start + len(vectors), 37):
        flip_bit(exported, place, place % 8)
        assert "is damaged" in refusal(samples, exported) or place % 4 == 3
        flip_bit(exported, place, place % 8)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_truncated_files(samples: Points, exported: Path, share: float) -> None:
    data = exported.read_bytes()
    exported.write_bytes(data[: int(share * len(data))])
    assert str(exported) in refusal(samples, exported)


def test_files_of_another_kind(samples: Points, exported: Path, tmp_path: Path) -> None:
    exported.write_text("sample_id,embedding\n" * 50)
    assert f"{exported} is damaged (" in refusal(samples, exported)
    assert refusal(samples, tmp_path / "none.parquet") == (
        f"There is no file {tmp_path / 'none.parquet'}; give the path of an exported file."
    )
    assert "give the path of" in refusal(samples, tmp_path, format="archive")
    assert "choose one of id, filepath, content" in refusal(samples, exported, match="name")
    (tmp_path / "a.txt").write_text("")
    assert "a.txt is unknown; give format, one of" in refusal(samples, tmp_path / "a.txt")
    path = foreign(tmp_path / "b.parquet", sample_id=samples.sample_ids, vector=[[1.0]] * 12)
    assert "has no column 'embedding' but 'sample_id', 'vector'; rename" in refusal(samples, path)
    path = foreign(tmp_path / "c.parquet", sample_id=samples.sample_ids, embedding=[1.0] * 12)
    assert "has the type double; it must have lists of floats" in refusal(samples, path)
    path = foreign(tmp_path / "d.parquet", sample_id=samples.sample_ids, embedding=[["a"]] * 12)
    assert "are not floats, or numbers are missing" in refusal(samples, path)


def test_numbers_that_cannot_be_indexed(samples: Points, tmp_path: Path) -> None:
    for value, message in ((np.nan, "not finite numbers"), (1e30, "values above 1e+18")):
        vectors = samples.vectors.copy()
        vectors[7, 3] = value
        path = tmp_path / f"{value}.npy"
        np.save(path, vectors)
        path.with_suffix(".json").write_text(json.dumps({"sample_id": samples.sample_ids}))
        assert message in refusal(samples, path)


class Payload:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_nothing_is_unpickled(samples: Points, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    array = np.array([[Payload(touched)]] * 12, object)
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    (tmp_path / "a.json").write_text(json.dumps({"sample_id": samples.sample_ids}))
    assert "a.npy is damaged (" in refusal(samples, tmp_path / "a.npy")
    for suffix in SUFFIXES.values():
        path = tmp_path / f"b{suffix}"
        path.write_bytes(pickle.dumps(Payload(touched)))
        path.with_suffix(".json").write_text("{}")
        assert f"{path} is damaged (" in refusal(samples, path)
    assert not touched.exists()


def test_a_key_that_is_taken_or_none(samples: Points, exported: Path) -> None:
    dataset = samples.dataset
    for key, message in (
        ("given", "There is a run 'given' already; choose another brain_key, or delete it."),
        ("no key", "brain_key is 'no key'; give the name of the new index"),
        (None, "brain_key is None; give the name of the new index"),
    ):
        action = partial(fiftyone_faiss.import_index, dataset, exported, key)
        assert Unchanged(dataset).after(action).startswith(message)
    check_stored(load_faiss_index(dataset, "given"), samples)


def test_a_missing_package_is_named(
    samples: Points, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples.index()

    def missing(module: str, package: str, extra: str, purpose: str) -> Any:
        raise MissingDependencyError(f'{purpose} needs {package}: pip install "x[{extra}]"')

    monkeypatch.setattr(tables, "require", missing)
    (tmp_path / "exported").mkdir()
    with pytest.raises(MissingDependencyError, match=r"Parquet or Arrow needs pyarrow: pip .*expo"):
        fiftyone_faiss.export_index(samples.dataset, "given", tmp_path / "exported" / "x.parquet")
    assert file_names(tmp_path / "exported") == []

"""Exported files hold what the index holds, as other programs read them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import fiftyone as fo
import numpy as np
import pyarrow as pa
import pytest
from blake3 import blake3
from support.exported import SUFFIXES, file_names, read_table, vectors_and_ids
from support.points import Points, one_sentence

import fiftyone_faiss
from fiftyone_faiss.brain import CancelledError, ExportRequest, export_index_steps
from fiftyone_faiss.brain.core.jobs import list_jobs, tracked
from fiftyone_faiss.brain.transfer import contents
from fiftyone_faiss.brain.transfer.formats.registry import FORMATS
from fiftyone_faiss.brain.transfer.row_keys import COLUMNS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "exported").mkdir()
    return tmp_path / "exported"


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("name", [name for name in SUFFIXES if name != "archive"])
def test_other_programs_read_the_vectors(
    samples: Points, folder: Path, name: str, dtype: str
) -> None:
    samples.index()
    path = folder / f"given{SUFFIXES[name]}"
    report = fiftyone_faiss.export_index(samples.dataset, "given", path, dtype=dtype)
    vectors, ids = vectors_and_ids(path)
    assert ids == samples.sample_ids and vectors.dtype == dtype
    np.testing.assert_array_equal(vectors, samples.vectors.astype(dtype))
    rounded = np.abs(samples.vectors - samples.vectors.astype(dtype).astype(np.float32)).max()
    assert report.verification.max_difference == rounded
    assert (report.count, report.dim, report.format) == (12, 8, name)
    assert (report.path, report.verification.compared) == (str(path), 12)
    assert one_sentence(report)
    assert file_names(folder) == sorted(
        [path.name] + ([f"{path.stem}.json"] if name == "npy" else [])
    )


def test_a_table_has_the_types_that_the_page_promises(patches: Points, folder: Path) -> None:
    patches.index()
    for name in ("parquet", "arrow"):
        path = folder / f"x{SUFFIXES[name]}"
        fiftyone_faiss.export_index(patches.dataset, "given", path, dtype="float16")
        table = read_table(path)
        assert table.column_names == [*COLUMNS[:-1], "embedding"]
        kind = table.schema.field("embedding").type
        assert kind.list_size == 8 and pa.types.is_fixed_size_list(kind)
        assert kind.value_type == pa.float16()
        assert table["label_id"].to_pylist() == patches.label_ids
        assert table["bounding_box"][0].as_py() == "0.100000 0.100000 0.300000 0.300000"
        path_of = dict(zip(*patches.dataset.values(["id", "filepath"]), strict=True))
        assert table["filepath"].to_pylist() == [path_of[id] for id in patches.sample_ids]


def test_many_blocks_are_written_like_few(
    samples: Points, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples.index()
    # Two rows of eight numbers.
    monkeypatch.setattr(contents, "BLOCK_BYTES", 64)
    for name, suffix in SUFFIXES.items():
        path = folder / f"given{suffix}"
        steps = list(export_index_steps(samples.dataset, ExportRequest(path, "given")))
        exported = [step.done for step in steps if step.what == "exported"]
        assert exported == [2, 4, 6, 8, 10, 12], name
        if name != "archive":
            np.testing.assert_array_equal(vectors_and_ids(path)[0], samples.vectors)


def test_an_archive_lists_its_files_and_their_hashes(samples: Points, folder: Path) -> None:
    samples.index(metric="euclidean")
    path = folder / "given.zip"
    fiftyone_faiss.export_index(samples.dataset, "given", path)
    with zipfile.ZipFile(path) as archive:
        index = json.loads(archive.read("index.json"))
        listed = {file["name"]: file["blake3"] for file in index["files"]}
        hashes = {name: blake3(archive.read(name)).hexdigest() for name in listed}
        assert listed == hashes and sorted([*listed, "index.json"]) == sorted(archive.namelist())
    assert index["fiftyone_faiss"]["metric"] == "euclidean"
    suffixes = sorted(name.partition(".")[2] for name in listed)
    assert suffixes == ["json", "json", "segment"], "it holds no FAISS index"
    # What names the database and its run stays on this machine.
    manifest = archive_manifest(path)
    assert "run_id" not in manifest and "database" not in manifest


def archive_manifest(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read("manifest.json").decode()


def test_a_view_and_deleted_samples(samples: Points, folder: Path) -> None:
    samples.index()
    deleted = samples.sample_ids[3]
    samples.dataset.delete_samples(deleted)
    view = samples.dataset.match(fo.ViewField("number") > 7).sort_by("number", reverse=True)
    report = fiftyone_faiss.export_index(view, "given", folder / "view.npy")
    vectors, ids = vectors_and_ids(folder / "view.npy")
    assert ids == samples.sample_ids[8:]
    np.testing.assert_array_equal(vectors, samples.vectors[8:])
    assert report.skipped == {"their samples were deleted": 1, "not in the view": 7}
    report = fiftyone_faiss.export_index(samples.dataset, "given", folder / "all.npy")
    assert report.skipped == {"their samples were deleted": 1} and report.count == 11
    assert deleted not in vectors_and_ids(folder / "all.npy")[1]
    with pytest.raises(ValueError, match="holds no vector of these samples"):
        fiftyone_faiss.export_index(view.limit(0), "given", folder / "none.npy")


def test_content_hashes_are_those_of_the_files(samples: Points, folder: Path) -> None:
    samples.index()
    path = folder / "given.parquet"
    missing = samples.dataset.first().filepath
    Path(missing).unlink()
    fiftyone_faiss.export_index(samples.dataset, "given", path, content_hashes=True)
    expected = [
        None if file == missing else blake3(Path(file).read_bytes()).hexdigest()
        for file in samples.dataset.values("filepath")
    ]
    assert read_table(path)["content_hash"].to_pylist() == expected


def test_existing_files_are_kept_unless_they_may_be_overwritten(
    samples: Points, folder: Path
) -> None:
    samples.index()
    for name, other in (("given.npy", "given.json"), ("given.arrow", "given.arrow")):
        (folder / other).write_text("mine")
        with pytest.raises(ValueError, match=rf"{other} exists already; .*overwrite=True\.$"):
            fiftyone_faiss.export_index(samples.dataset, "given", folder / name)
        assert file_names(folder) == [other] and (folder / other).read_text() == "mine"
        fiftyone_faiss.export_index(samples.dataset, "given", folder / name, overwrite=True)
        np.testing.assert_array_equal(vectors_and_ids(folder / name)[0], samples.vectors)
        for file in folder.iterdir():
            file.unlink()


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        ("given.csv", {}, "The format of .*given.csv is unknown; give format, one of parquet"),
        ("x.npy", {"format": "pickle"}, "format is 'pickle'; choose one of parquet, arrow, npy"),
        ("x.bin", {"format": "npy"}, "let its name end in .npy"),
        ("none/x.npy", {}, "There is no folder .*none; create it"),
        ("", {}, "Give path, the path of a file"),
        (None, {}, "Give path, the path of a file"),
        (7, {}, "path is 7; give a text"),
        ("x.npy", {"dtype": "int8"}, "dtype is 'int8'; choose one of float32, float16"),
        ("x.npy", {"content_hashes": "yes"}, "content_hashes is 'yes'; give true or false"),
        ("folder.npy", {}, "folder.npy is a folder; choose the path of a file"),
    ],
)
def test_what_cannot_be_exported_is_said(
    samples: Points, folder: Path, path: object, options: dict[str, object], message: str
) -> None:
    samples.index()
    (folder / "folder.npy").mkdir()
    target = folder / path if isinstance(path, str) and path else path
    with pytest.raises(ValueError, match=message) as error:
        fiftyone_faiss.export_index(samples.dataset, "given", target, **options)
    assert one_sentence(error.value) and file_names(folder) == ["folder.npy"]


def test_vectors_that_float16_cannot_hold(samples: Points, folder: Path) -> None:
    samples.with_vectors(samples.vectors * 1e6).index()
    with pytest.raises(ValueError, match="do not fit into float16; export them with dtype='float"):
        fiftyone_faiss.export_index(samples.dataset, "given", folder / "x.npy", dtype="float16")
    assert file_names(folder) == []


def test_a_file_that_is_not_what_was_written_does_not_appear(
    samples: Points, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples.index()
    npy = FORMATS["npy"]

    def write(path: Path, content: contents.Contents):
        yield from npy.write(path, content)
        with path.open("r+b") as file:
            file.seek(-3, 2)
            file.write(b"\0")

    monkeypatch.setitem(FORMATS, "npy", type(npy)(npy.name, npy.suffixes, write, npy.read))
    with pytest.raises(ValueError, match="not what was written to it; check the disk"):
        fiftyone_faiss.export_index(samples.dataset, "given", folder / "x.npy")
    assert file_names(folder) == []


def test_a_canceled_export_leaves_nothing(
    samples: Points, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples.index()
    monkeypatch.setattr(contents, "BLOCK_BYTES", 64)
    name = samples.dataset.name
    for what in ("checked", "exported", "read again"):
        steps = export_index_steps(samples.dataset, ExportRequest(folder / "x.zip", "given"))
        with pytest.raises(CancelledError, match=f"of 12 {what}; finished work is kept"):
            for step in tracked(steps, name, f"export {what}"):
                if step.what == what:
                    list_jobs(name)[-1].cancel()
        assert file_names(folder) == []

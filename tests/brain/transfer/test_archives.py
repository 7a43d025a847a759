"""Archives that someone prepared, or that were damaged, are refused file by file."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3
from support.exported import Unchanged, rewrite_archive, state_of
from support.points import Points

import fiftyone_faiss
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig


@pytest.fixture
def archive(samples: Points, tmp_path: Path) -> Path:
    samples.index()
    fiftyone_faiss.export_index(samples.dataset, "given", tmp_path / "given.zip")
    return tmp_path / "given.zip"


def refusal(points: Points, path: Path) -> str:
    action = partial(fiftyone_faiss.import_index, points.dataset, path, "new")
    return Unchanged(points.dataset).after(action)


@pytest.mark.parametrize(
    "name",
    [
        "/tmp/outside.segment",
        "../outside.segment",
        "a/../../outside.segment",
        "folder/inside.segment",
        "C:\\outside.segment",
        "..\\outside.segment",
        "..",
        ".hidden",
        "a\x01b.segment",
        "x" * 65 + ".segment",
        "no-suffix",
        "\N{LATIN SMALL LETTER E WITH ACUTE}.segment",
    ],
)
def test_names_that_lead_out_of_an_archive(
    samples: Points, archive: Path, tmp_path: Path, name: str
) -> None:
    def add(files: dict[str, bytes]) -> None:
        files[name] = b"outside"

    rewrite_archive(archive, add)
    before = {path for path in tmp_path.rglob("*")}
    sentence = refusal(samples, archive)
    assert sentence.startswith(f"{archive} has a file with the name ")
    assert "outside of the folder of the index, so nothing was imported" in sentence
    assert {path for path in tmp_path.rglob("*")} == before
    assert not Path("/tmp/outside.segment").exists()


def test_a_listed_name_that_leads_out_of_an_archive(samples: Points, archive: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        index = json.loads(files["index.json"])
        index["files"][0]["name"] = "../manifest.json"
        files["index.json"] = json.dumps(index).encode()

    rewrite_archive(archive, change)
    assert "in index.json, files[0].name is not the name of a file" in refusal(samples, archive)


def _without(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        del files[name]

    return change


def _with(name: str, data: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files[name] = data

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_without("index.json"), "is no archive of an index; use one that export_index wrote"),
        (_without("keys.json"), "keys.json is missing"),
        (_without("manifest.json"), "manifest.json is missing"),
        (_with("keys.json", b"{}"), "keys.json is not what was exported"),
        (_with("manifest.json", b"{}\n0"), "manifest.json is not what was exported"),
        (_with("index.json", b"[]"), "in index.json, the content is not a JSON object"),
        (_with("index.json", b"[" * 100_000), "index.json is not JSON"),
        (_with("index.json", b"\xff"), "index.json is not JSON"),
        (_with("index.json", b" " * (1 << 25)), "index.json is too large"),
    ],
)
def test_files_that_are_missing_or_others(
    samples: Points, archive: Path, change: Callable[[dict[str, bytes]], None], reason: str
) -> None:
    rewrite_archive(archive, change)
    assert reason in refusal(samples, archive)


def seal_files(files: dict[str, bytes]) -> None:
    """Lists the files as they are now, as someone could who wants to be trusted."""
    index = json.loads(files["index.json"])
    index["files"] = [
        {"name": name, "bytes": len(data), "blake3": blake3(data).hexdigest()}
        for name, data in files.items()
        if name != "index.json"
    ]
    files["index.json"] = json.dumps(index).encode()


def _swap_keys(files: dict[str, bytes]) -> None:
    keys = json.loads(files["keys.json"])
    keys["sample_id"] = keys["sample_id"][::-1]
    files["keys.json"] = json.dumps(keys).encode()


def _no_lists(files: dict[str, bytes]) -> None:
    files["keys.json"] = b'{"sample_id": "abc"}'


def _damage_manifest(files: dict[str, bytes]) -> None:
    files["manifest.json"] = files["manifest.json"].replace(b'"dim": 8', b'"dim": 4')


def _damage_vectors(files: dict[str, bytes]) -> None:
    (name,) = (name for name in files if name.endswith(".segment"))
    files[name] = b"\1" + files[name][1:]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_swap_keys, "its ids are not those that were exported"),
        (_no_lists, "keys.json holds no lists"),
        (_damage_manifest, "manifest.json cannot be used"),
        (_damage_vectors, ".segment is not consistent"),
    ],
)
def test_consistent_lists_of_inconsistent_files(
    samples: Points, archive: Path, change: Callable[[dict[str, bytes]], None], reason: str
) -> None:
    def sealed(files: dict[str, bytes]) -> None:
        change(files)
        seal_files(files)

    rewrite_archive(archive, sealed)
    sentence = refusal(samples, archive)
    assert reason in sentence or "not those of manifest.json" in sentence


def test_compressed_files_which_may_unpack_to_any_size(samples: Points, archive: Path) -> None:
    with zipfile.ZipFile(archive) as old:
        files = {name: old.read(name) for name in old.namelist()}
    files["keys.json"] += b" " * (1 << 26)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name, data in files.items():
            new.writestr(name, data)
    assert archive.stat().st_size < 1 << 20
    assert "its files are compressed" in refusal(samples, archive)


def test_two_files_of_one_name_and_encrypted_files(samples: Points, archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as more, pytest.warns(UserWarning, match="Duplicate name"):
        more.writestr("keys.json", b"{}")
    assert "it holds two files of one name" in refusal(samples, archive)
    data = bytearray(archive.read_bytes())
    # The flag of an encrypted file, in each entry of the directory.
    at = data.find(b"PK\1\2")
    while at >= 0:
        (flags,) = struct.unpack_from("<H", data, at + 8)
        struct.pack_into("<H", data, at + 8, flags | 1)
        at = data.find(b"PK\1\2", at + 1)
    archive.write_bytes(data)
    refusal(samples, archive)


def test_a_symbolic_link_is_no_link_here(samples: Points, archive: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")

    def change(files: dict[str, bytes]) -> None:
        files["keys.json"] = str(secret).encode()
        seal_files(files)

    rewrite_archive(archive, change)
    data = archive.read_bytes()
    at = data.find(b"PK\1\2")
    while at >= 0:
        # The mode of a symbolic link, in the upper half of the external attributes.
        mode = struct.pack("<I", 0o120777 << 16)
        data = data[: at + 38] + mode + data[at + 42 :]
        at = data.find(b"PK\1\2", at + 1)
    archive.write_bytes(data)
    assert "keys.json is not JSON" in refusal(samples, archive)


def test_an_archive_is_moved_by_its_bytes_alone(samples: Points, archive: Path) -> None:
    data = archive.read_bytes()
    assert str(FaissSimilarityConfig().root).encode() not in data
    fiftyone_faiss.import_index(samples.dataset, archive, "new")
    assert "new" in state_of(samples.dataset)[0]
    vectors, ids, _ = samples.dataset.load_brain_results("new").get_embeddings()
    order = [ids.tolist().index(id) for id in samples.sample_ids]
    np.testing.assert_array_equal(vectors[order], samples.vectors)

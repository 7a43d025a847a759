"""The stored form of manifests."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
from support.stores import create_store, make_batch, save_index_file

from fiftyone_faiss.brain.store.manifest import Manifest, StoreError
from fiftyone_faiss.brain.store.store import Store


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    return create_store(tmp_path / "s", rng.normal(size=(20, 4)).astype(np.float32))


def test_a_newer_format_is_rejected(store: Store) -> None:
    path = store.path / "manifest.json"
    body = path.read_bytes().rpartition(b"\n")[0].replace(
        b'"format_version": 2', b'"format_version": 3'
    )  # fmt: skip
    path.write_bytes(b"%b\n%d" % (body, zlib.crc32(body)))
    with pytest.raises(StoreError, match=f"{store.path} was written by a newer fiftyone-faiss"):
        Store(store.path).snapshot()


def test_format_1_is_rejected_and_its_files_are_kept(tmp_path: Path) -> None:
    # Format 1 had no checksum.
    (tmp_path / "s").mkdir()
    manifest = {"format_version": 1, "dim": 3, "segments": [], "checksums": {}}
    (tmp_path / "s" / "manifest.json").write_text(json.dumps(manifest, indent=1))
    (tmp_path / "s" / "1.segment").write_bytes(b"kept")
    for method in (Store.snapshot, Store.compact):
        with pytest.raises(StoreError, match="an early fiftyone-faiss; build the index again"):
            method(Store(tmp_path / "s"))
    assert (tmp_path / "s" / "1.segment").read_bytes() == b"kept"


def test_the_keys_of_the_manifest_are_a_data_format(store: Store) -> None:
    store.commit(make_batch(np.ones((1, 4), np.float32), [3], "m", "bfloat16"))
    save_index_file(store, b"index", a=1)
    values = json.loads((store.path / "manifest.json").read_bytes().rpartition(b"\n")[0])
    first, second = values.pop("segments")
    assert sorted(first) == ["checksum", "model", "name", "precision", "rows"]
    assert (first["model"], first["precision"]) == (None, None)
    assert (second["rows"], second["model"], second["precision"]) == (1, "m", "bfloat16")
    assert sorted(values.pop("deleted")) == ["bytes", "checksum", "name"]
    ann_index = values.pop("derived")
    assert sorted(ann_index.pop("file")) == ["bytes", "checksum", "name"]
    assert ann_index == {"rows": 21, "facts": {"a": 1}}
    assert values == {
        "generation": 3,
        "epoch": 0,
        "dim": 4,
        "dtype": "float32",
        "has_labels": False,
        "facts": {"metric": "cosine"},
        "format_version": 2,
    }


def test_a_manifest_without_models_and_precisions_is_read(store: Store) -> None:
    manifest = store.snapshot().manifest
    values = manifest.to_json()
    for segment in values["segments"]:
        del segment["model"], segment["precision"]
    assert Manifest.from_json(values) == manifest

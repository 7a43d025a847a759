"""Puts the dataset of ``tests/fixtures/stored_format`` into the tests' own database and folders."""

from __future__ import annotations

import gzip
import json
import os
import re
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.core.odm as foo
import numpy as np
import pytest
from bson import json_util

from fiftyone_faiss.brain import Neighbors

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "stored_format"
EXPECTED: dict[str, Any] = json.loads((FIXTURE / "expected.json").read_text())
ROOT_DIR_VARIABLE = "FIFTYONE_BRAIN_SIMILARITY_FAISS_ROOT_DIR"

# Key paths that today's code may add to a manifest. Each needs a default for older manifests.
KINDS = ("rows", "perturbed rows", "means", "differences", "directions", "texts")
OPTIONAL_MANIFEST_KEYS = {
    "segments[].precision",
    "facts.precision",
    "facts.rate",
    "facts.run_id",
    "derived.facts.exact_ms",
    "derived.facts.recall_by_kind",
    *(f"derived.facts.recall_by_kind.{kind}" for kind in KINDS),
    "derived.facts.tiers",
    "derived.facts.tiers[].limit",
    "derived.facts.tiers[].efforts",
    *(f"derived.facts.tiers[].efforts[].{key}" for key in ("depth", "probes", "overfetch")),
}


def restore(folder: Path) -> fo.Dataset:
    """Restores the dataset as it was stored: documents, images and index folders.

    Args:
        folder: an empty folder for the images

    Returns:
        the dataset
    """
    with tarfile.open(FIXTURE / "files.tar.gz") as archive:
        # The times of the images are kept: the indexes store them.
        archive.extractall(folder, filter="data")
    for index_folder in (folder / "indexes").iterdir():
        index_folder.rename(index_root() / index_folder.name)
    dump = json_util.loads(gzip.decompress((FIXTURE / "database.json.gz").read_bytes()))
    dataset_document = dump["datasets"][0]
    for sample in dump[dataset_document["sample_collection_name"]]:
        sample["filepath"] = str(folder / "images" / sample["filepath"])
    database = foo.get_db_conn()
    for collection, documents in dump.items():
        database[collection].insert_many(documents)
    return fo.load_dataset(dataset_document["name"])


def index_root() -> Path:
    """The folder that holds the folders of all indexes."""
    return Path(os.environ[ROOT_DIR_VARIABLE])


def index_folder(brain_key: str) -> Path:
    """The folder of one of the dataset's indexes."""
    (run_id,) = (info["run_id"] for info in EXPECTED["indexes"] if info["brain_key"] == brain_key)
    return index_root() / str(run_id)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The values of an index's manifest."""
    body, checksum = (folder / "manifest.json").read_bytes().rsplit(b"\n", 1)
    assert int(checksum) == zlib.crc32(body)
    values: dict[str, Any] = json.loads(body)
    return values


def write_manifest(folder: Path, values: Any) -> None:
    """Replaces an index's manifest by JSON values, or by the bytes of a document."""
    body = values if isinstance(values, bytes) else json.dumps(values, indent=1).encode()
    (folder / "manifest.json").write_bytes(b"%b\n%d" % (body, zlib.crc32(body)))


def key_paths(value: Any, prefix: str = "") -> set[str]:
    """The keys of nested JSON objects, such as ``"derived.file.name"``; lists add ``[]``.

    The ids of failed samples are values, not keys, and are left out.
    """
    if isinstance(value, list):
        return set().union(*(key_paths(item, f"{prefix}[]") for item in value))
    if not isinstance(value, dict) or prefix == "facts.failures":
        return set()
    paths = {f"{prefix}.{key}".lstrip(".") for key in value}
    return paths.union(*(key_paths(value[key], f"{prefix}.{key}".lstrip(".")) for key in value))


def check_answer(neighbors: Neighbors, expected: dict[str, Any], own: Sequence[str] = ()) -> None:
    """Asserts that a search gives the stored answer: the same ids, distances and scores.

    Args:
        neighbors: the results
        expected: the stored answer, which counted the samples of the query among the results
        own (()): the ids of the query, which are no results today
    """
    assert set(neighbors.pinned) == set(own)
    places = [i for i, id in enumerate(expected["ids"]) if id not in own]
    count = len(places)
    # As many results as before: others follow in place of those of the query.
    assert len(neighbors) >= count
    for name in ("ids", "sample_ids"):
        assert getattr(neighbors, name)[:count] == [expected[name][i] for i in places]
    for name, atol in (("distances", 1e-12), ("scores", 1e-9)):
        before = [expected[name][i] for i in places]
        np.testing.assert_allclose(getattr(neighbors, name)[:count], before, rtol=0, atol=atol)
    near_duplicates = [neighbors.near_duplicates.get(id, []) for id in neighbors.ids[:count]]
    assert near_duplicates == [expected["near_copies"].get(id, []) for id in neighbors.ids[:count]]
    assert own or len(neighbors) == count


def check_diverse_answer(
    neighbors: Neighbors, expected: dict[str, Any], own: Sequence[str]
) -> None:
    """Asserts that results have the stored distances: others are diverse today.

    Results below the score cutoff are no longer reordered, and copies of the query are results.
    """
    assert set(neighbors.pinned) == set(own)
    assert len(neighbors) == len(expected["ids"])
    shown = {*neighbors.ids}.union(*neighbors.near_duplicates.values())
    assert shown.issuperset(copy for id in own for copy in expected["near_copies"].get(id, []))
    before = dict(zip(expected["ids"], expected["distances"], strict=True))
    now = dict(zip(neighbors.ids, neighbors.distances, strict=True))
    common = before.keys() & now.keys()
    assert common
    assert [now[id] for id in common] == pytest.approx([before[id] for id in common], abs=1e-12)


def check_text_answer(
    neighbors: Neighbors, expected: dict[str, Any], own: Sequence[str] = ()
) -> None:
    """Asserts the same up to the precision in which the machine embeds texts."""
    assert set(neighbors.pinned) == set(own)
    before = dict(zip(expected["ids"], expected["distances"], strict=True))
    for id in own:
        before.pop(id, None)
    assert neighbors.ids[0] == next(iter(before))
    assert len(neighbors.ids) == len(before)
    now = dict(zip(neighbors.ids, neighbors.distances, strict=True))
    common = before.keys() & now.keys()
    assert len(common) >= len(before) - 1
    assert [now[id] for id in common] == pytest.approx([before[id] for id in common], abs=0.02)


def own_ids(params: Mapping[str, Any]) -> list[str]:
    """The samples and labels that are positive terms of a search, without negative ones."""
    query = params.get("query", "")
    own = [*params.get("sample_ids", ()), *re.findall("@([0-9a-f]{24})", query)]
    return own + params["selected"] if "@selected" in query else own

"""Files open in another process, with another database and another folder of indexes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from support.database_server import DatabaseServer
from support.points import Points

import fiftyone_faiss

# What the other process does: it reads the exported dataset, whose samples keep their ids, and a
# new dataset of its files, whose samples have ids of their own, and prints the stored vectors.
IMPORT = """
import json, sys
import fiftyone as fo
import fiftyone_faiss
from fiftyone_faiss.brain import load_faiss_index

folder, path = sys.argv[1:]
same = fo.Dataset.from_dir(folder, dataset_type=fo.types.FiftyOneDataset)
new = fo.Dataset()
reverse = same.sort_by("number", reverse=True)
new.add_samples([fo.Sample(s.filepath, number=s.number) for s in reverse])
stored = {}
for dataset, match in ((same, "id"), (new, "filepath"), (new, "content_hash")):
    report = fiftyone_faiss.import_index(dataset, path, match, match, progress=False)
    vectors, ids, _ = load_faiss_index(dataset, match).get_embeddings()
    number_of = dict(zip(*dataset.values(["id", "number"])))
    stored[match] = {number_of[i]: v.tolist() for i, v in zip(ids.tolist(), vectors)}
print("\\n" + json.dumps(stored))
"""


@pytest.fixture
def other_machine(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of processes with a database and a folder of indexes of their own."""
    (tmp_path / "database").mkdir()
    server = DatabaseServer(tmp_path / "database")
    server.start()
    yield {
        **os.environ,
        "FIFTYONE_DATABASE_URI": server.uri,
        "FIFTYONE_BRAIN_SIMILARITY_FAISS_ROOT_DIR": str(tmp_path / "indexes"),
    }
    server.kill()


@pytest.mark.parametrize("suffix", [".zip", ".safetensors"])
def test_an_index_opens_on_another_machine(
    samples: Points, tmp_path: Path, other_machine: dict[str, str], suffix: str
) -> None:
    samples.index()
    path, folder = tmp_path / f"given{suffix}", tmp_path / "dataset"
    fiftyone_faiss.export_index(samples.dataset, "given", path, content_hashes=True)
    samples.dataset.delete_brain_runs()
    samples.dataset.export(str(folder), dataset_type=fo.types.FiftyOneDataset, progress=False)
    command = [sys.executable, "-c", IMPORT, str(folder), str(path)]
    printed = subprocess.run(command, env=other_machine, capture_output=True, text=True)
    assert printed.returncode == 0, printed.stderr
    stored = json.loads(printed.stdout.splitlines()[-1])
    assert sorted(stored) == ["content_hash", "filepath", "id"]
    for vectors in stored.values():
        in_order = np.array([vectors[str(number)] for number in range(12)], np.float32)
        np.testing.assert_array_equal(in_order, samples.vectors)
    assert len(list((tmp_path / "indexes").iterdir())) == 3

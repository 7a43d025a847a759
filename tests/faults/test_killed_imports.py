"""An import that is killed leaves no index that could be searched, and can be repeated."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from support.exported import state_of
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss.brain import load_faiss_index
from fiftyone_faiss.brain.backend.loading import UnfinishedIndexError

ROWS, DIM = 3_000, 16
# What the killed process does: it imports a few rows at a time, and waits for its end at a step.
IMPORT = """
import sys, time
import fiftyone as fo
from fiftyone_faiss import brain
from fiftyone_faiss.brain.transfer import contents

contents.BLOCK_BYTES = 64 * 200
dataset = fo.load_dataset({name!r})
steps = brain.import_index_steps(dataset, brain.ImportRequest({path!r}, "new"))
for number, step in enumerate(steps):
    if (step.what, step.done) >= (sys.argv[1], int(sys.argv[2])):
        open({reached!r}, "w").close()
        time.sleep(60)
"""


@pytest.mark.parametrize("suffix", [".zip", ".parquet"])
def test_a_killed_import_is_repeated(tmp_path: Path, rng: np.random.Generator, suffix: str) -> None:
    dataset = fo.Dataset(persistent=True)
    dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(ROWS)], progress=False)
    vectors = rng.normal(size=(ROWS, DIM)).astype(np.float32)
    index_of(dataset, vectors)
    before = state_of(dataset)
    path, reached = tmp_path / f"x{suffix}", tmp_path / "reached"
    fiftyone_faiss.export_index(dataset, "given", path)
    code = IMPORT.format(name=dataset.name, path=str(path), reached=str(reached))
    for what, done in (("imported", 1_000), ("read again", 1)):
        reached.unlink(missing_ok=True)
        command = [sys.executable, "-c", code, what, str(done)]
        with subprocess.Popen(command, env=os.environ) as process:
            while not reached.exists():
                assert process.poll() is None, "it ended before it was killed"
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
        dataset.reload()
        with pytest.raises(UnfinishedIndexError, match="was never finished"):
            load_faiss_index(dataset, "new")
        with pytest.raises(ValueError, match=r"There is a run 'new' already; .*or delete it"):
            fiftyone_faiss.import_index(dataset, path, "new")
        fiftyone_faiss.delete_index(dataset, "new")
        assert state_of(dataset) == before
    fiftyone_faiss.import_index(dataset, path, "new")
    index = load_faiss_index(dataset, "new")
    stored, ids, _ = index.get_embeddings()
    assert ids.tolist() == dataset.values("id") and index.store.verify() == []
    np.testing.assert_array_equal(stored, vectors)
    dataset.delete()

"""The code in docs/index-types.md runs, and its table lists the index types."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np

from fiftyone_faiss.brain import INDEX_TYPES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "index-types.md").read_text()


def test_the_table_lists_the_index_types() -> None:
    rows = [row.split("|")[1] for row in PAGE.splitlines() if row.startswith('| `"')]
    assert [name for row in rows for name in re.findall(r'`"(\w+)"`', row)] == list(INDEX_TYPES)


def test_the_code_runs(book: fo.Dataset) -> None:
    # A tree needs 256 vectors.
    dataset = book.view().clone("my-dataset")
    dataset.add_samples([sample.copy() for sample in book.view()])
    names: dict[str, Any] = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)), names)
    index = dataset.load_brain_results("tree")
    assert index.snapshot.manifest.ann_index.metadata["factory"] == "tree"
    vectors, ids, _ = index.get_embeddings()
    first = dataset.first().id
    query = vectors[ids.tolist().index(first)]
    distances = 1 - vectors @ query
    others = np.sort(distances[ids != first])[:5]
    np.testing.assert_allclose(names["similar"].distances, others, atol=1e-6)
    dataset.delete()

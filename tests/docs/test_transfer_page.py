"""The code in docs/transfer.md runs and does what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from support.servers import configured

import fiftyone_faiss
from fiftyone_faiss.brain.transfer import pg_vectors, verification

PAGE = Path(__file__).resolve().parents[2] / "docs" / "transfer.md"
COPYING = PAGE.read_text().split("## What is verified")[0]


@pytest.fixture
def dataset(book: fo.Dataset, tmp_path: Path) -> Iterator[fo.Dataset]:
    dataset = book.clone("my-dataset", persistent=True)
    with configured("lancedb", str(tmp_path)):
        yield dataset
    dataset.delete()


def test_the_code_that_copies_runs(dataset: fo.Dataset, capsys) -> None:
    names: dict[str, Any] = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", COPYING, re.DOTALL)), names)
    printed = capsys.readouterr().out
    shown = " ".join(re.search(r"`(Copied .*?)`", COPYING, re.DOTALL)[1].split())
    queries = f"{names['report'].verification.queries} queries"
    dim = f"dimension {names['report'].dim}"
    assert shown.replace("200 queries", queries).replace("dimension 64", dim) in printed
    assert printed.rstrip().endswith("0.0 1.0")
    expected = fiftyone_faiss.search(dataset, "a red car", brain_key="clip").ids
    assert names["neighbors"].ids == expected


def test_the_page_names_the_numbers_of_the_code() -> None:
    text = " ".join(PAGE.read_text().split())
    assert f"`hnsw_ef_search={pg_vectors.FIRST_EF_SEARCH}`" in text
    assert f"at most {pg_vectors.MAX_EF_SEARCH:,}" in text
    assert f"up to {verification.QUERIES} vectors of the index are queries" in text
    assert f"the source's {verification.K} nearest" in text
    assert f"less than {100 * verification.MIN_RECALL:.0f} %" in text

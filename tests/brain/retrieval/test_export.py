"""Exported tables hold no formulas."""

from __future__ import annotations

import csv
import io

import pytest

from fiftyone_faiss.brain.retrieval.export import as_csv


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://x","y")']
)
def test_a_text_that_a_spreadsheet_would_run_has_an_apostrophe(text: str) -> None:
    rows = [{"rank": 1, "id": "a", "filepath": text}]
    (read,) = csv.DictReader(io.StringIO(as_csv(rows), newline=""))
    assert read == {"rank": "1", "id": "a", "filepath": f"'{text}"}


def test_numbers_and_other_texts_stay_as_they_are() -> None:
    row = {"score": -0.25, "distance": -1e-7, "rank": 3, "band": None, "filepath": "/a/=b, c.png"}
    assert as_csv([row]) == (
        'score,distance,rank,band,filepath\r\n-0.25,-1e-07,3,,"/a/=b, c.png"\r\n'
    )

"""What the terms contribute to scores, and searches that leave results out."""

from __future__ import annotations

import numpy as np
import pytest
from support.formulas import similarities
from support.points import points_of

import fiftyone_faiss


@pytest.fixture
def ids(dataset, rng) -> list[str]:
    points = points_of(dataset, "samples", rng)
    points.index()
    return points.ids


def test_contributions_add_up_to_the_scores(dataset, ids) -> None:
    line = f"@{ids[0]} - 2: @{ids[1]} + 3: @{ids[2]}"
    answer = fiftyone_faiss.search(dataset, line, k=12, liked=[ids[4]]).to_dict()
    signs = [term["sign"] for term in answer["terms"]]
    assert signs == ["+", "+", "-", "+"]
    assert answer["terms"][1]["text"].startswith("3 x ")
    assert answer["terms"][3]["text"] == "relevance feedback"
    for row in answer["results"]:
        first, second, penalty, feedback = row["contributions"]
        mean = 0.25 * first + 0.75 * second
        shortfall = 0.25 * max(0, mean - first) + 0.75 * max(0, mean - second)
        assert penalty <= 0
        expected = mean - 2 * shortfall + penalty + feedback
        assert row["score"] == pytest.approx(expected, abs=5e-3)


def test_one_term_has_no_contributions(dataset, ids) -> None:
    answer = fiftyone_faiss.search(dataset, f"@{ids[0]}", k=3).to_dict()
    assert "terms" not in answer
    assert all("contributions" not in row for row in answer["results"])


@pytest.mark.parametrize("options", [{}, {"diversity": 0.5}, {"hubness": True}, {"reverse": True}])
def test_excluded_results_are_replaced_by_the_next(dataset, ids, options) -> None:
    every = fiftyone_faiss.search(dataset, f"@{ids[0]}", k=12, **options).ids
    exclude = [every[0], every[2], "0" * 24]
    neighbors = fiftyone_faiss.search(dataset, f"@{ids[0]}", k=4, exclude=exclude, **options)
    assert len(neighbors) == 4 and neighbors.has_more
    assert not {*neighbors.ids} & {*exclude}
    page = fiftyone_faiss.search(dataset, f"@{ids[0]}", k=4, skip=4, exclude=exclude, **options)
    assert not {*page.ids} & {*neighbors.ids, *exclude}
    if not options.get("diversity"):
        left = [id for id in every if id not in exclude]
        assert [*neighbors.ids, *page.ids] == left[:8]
    assert set(neighbors.ids) <= set(every)


def test_the_ids_of_near_duplicates_are_listed(dataset, rng) -> None:
    points = points_of(dataset, "samples", rng)
    vectors = points.vectors.copy()
    vectors[5] = vectors[6] = vectors[4]
    points.with_vectors(vectors).index()
    neighbors = fiftyone_faiss.search(dataset, vectors[4], k=3, collapse=0.001)
    first = neighbors.to_dict()["results"][0]
    group = {first["id"], *first["near_duplicate_ids"]}
    assert group == {points.ids[i] for i in (4, 5, 6)}
    assert first["near_duplicates"] == 2
    assert np.allclose(similarities(vectors[4], vectors[[5, 6]], "cosine"), 1.0, atol=1e-6)
    # An export has a table of plain values.
    header = neighbors.to_text("csv").splitlines()[0]
    assert "near_duplicate_scores" not in header
    assert "near_duplicate_ids" not in header and "near_duplicates" in header

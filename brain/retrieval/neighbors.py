"""The results of a search: values, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.data import result_views, score_fields
from fiftyone_faiss.brain.data.frame_images import frame_numbers
from fiftyone_faiss.brain.data.patch_labels import boxes_by_id
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.result_files import result_files
from fiftyone_faiss.brain.data.result_views import view_of
from fiftyone_faiss.brain.retrieval import export
from fiftyone_faiss.brain.retrieval.answer_types import (
    PinnedSample,
    ResultRow,
    SearchAnswer,
    Stack,
)
from fiftyone_faiss.brain.retrieval.contributions import Contributions
from fiftyone_faiss.brain.retrieval.relevance import LIKELY
from fiftyone_faiss.brain.retrieval.tags import DEFAULT_TAG, apply_tag

if TYPE_CHECKING:
    from fiftyone_faiss.brain.retrieval.calibration import Calibration
    from fiftyone_faiss.brain.retrieval.relevance import Band

# Of the samples of a query, a page shows so many.
MAX_PINNED = 24


@dataclass(frozen=True)
class Neighbors:
    """The results of a search, best first.

    Attributes:
        samples: the collection that was searched
        brain_key: the index that was searched
        metric: its metric
        patches_field: the field of the labels in the results; None if the results are samples
        ids: ``n`` ids of samples, or of labels for an index of patches
        sample_ids: ``n`` ids of the samples
        distances: ``(n,)`` float64 distances to the query, or to the weighted sum of its terms:
            cosine ``1 - cos``, 0 to 2; euclidean L2; dotproduct ``-<q, x>``. Ascending, unless
            several terms, feedback or diversity changed the order
        scores: ``(n,)`` float64, higher is more similar. For a query of one term: the cosine, -1
            to 1; the inner product; or ``1 / (1 + distance)``, 0 to 1, for the euclidean metric.
            For several terms, or with feedback: standard deviations above the mean of the
            reference set. With ``hubness``, minus the correction
        near_duplicates: the ids of the near-duplicates that are collapsed into a result, or into a
            sample of the query, by its id; those without any are left out
        near_duplicate_scores: the scores of these near-duplicates, by their ids
        has_more: whether there are more results
        query: the query in a few words
        explanation: sentences about the computation
        notes: sentences for the person who searched
        timings: seconds spent to ``"embed"`` the query and to ``"search"``
        cutoff_score: the lowest score above the score cutoff, which is where the estimated
            relevance falls below one half; infinite if no result is above it
        skip: the number of results that were skipped before the first
        calibration: compares the scores with the reference set of the index
        pinned: the samples of the query, which are no results: the ids of their samples, by their
            own ids
        all_scores: yields the ids and the ``(n,)`` float64 scores of the whole index, in blocks
        contributions: what the terms of the query contribute to the scores
    """

    samples: foc.SampleCollection
    brain_key: str
    metric: str
    patches_field: str | None
    ids: list[str]
    sample_ids: list[str]
    distances: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    near_duplicates: dict[str, list[str]]
    near_duplicate_scores: dict[str, float]
    has_more: bool
    query: str
    explanation: tuple[str, ...]
    notes: tuple[str, ...]
    timings: dict[str, float]
    cutoff_score: float
    skip: int
    calibration: Calibration = field(repr=False)
    pinned: dict[str, str]
    all_scores: Callable[[], Iterable[tuple[list[str], npt.NDArray[np.float64]]]] = field(
        repr=False
    )
    contributions: Contributions = field(repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError(
            "Neighbors cannot be pickled, because they refer to an open index; pass "
            "neighbors.to_dict() or neighbors.ids to the other process."
        )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def percentiles(self) -> npt.NDArray[np.float64]:
        """``(n,)`` float64, 0 to 100: the percentage of the reference set with lower scores."""
        return self.calibration.percentiles

    @property
    def relevance(self) -> npt.NDArray[np.float64] | None:
        """``(n,)`` float64, 0 to 1: the estimated probability that a result is what was asked for.

        It does not rise from a result to the next, unless diversity changed the order. None for
        the least similar, without a positive term, and for an index of fewer than 30 vectors.
        """
        return self.calibration.estimates

    @property
    def bands(self) -> list[Band | None]:
        """``n`` times ``"strong"``, ``"likely"`` or ``"weak"``: a relevance of at least 0.9, of at
        least 0.5, or less; None without estimates."""
        return self.calibration.bands

    @property
    def verdict(self) -> str | None:
        """A sentence if nothing relevant was found: no sample has a relevance of 0.5; else None."""
        verdict = self.calibration.verdict
        if verdict is not None or self.skip or self.cutoff or not len(self):
            return verdict
        # What is relevant was collapsed into the samples of the query.
        return "Nothing relevant found but near-duplicates of the samples of the query."

    @property
    def cutoff(self) -> int:
        """The number of results above the score cutoff: those with a relevance of at least 0.5;
        all without estimates."""
        if self.relevance is None:
            return len(self)
        return int(np.count_nonzero(self.relevance >= LIKELY))

    def view(self) -> fo.DatasetView:
        """A view of the neighbors in order: samples, or patches for an index of patches.

        Raises:
            ValueError: if there are too many for a view
        """
        return view_of(self.samples, self.ids, self.patches_field)

    def tag(self, tag: str = DEFAULT_TAG, replace: bool = False) -> list[str]:
        """Tags the neighbors: samples, or labels for an index of patches.

        :func:`fiftyone_faiss.untag_neighbors` undoes it.

        Args:
            tag ("neighbors"): the tag
            replace (False): whether to undo the previous tagging with this tag first

        Returns:
            the ids of the neighbors that did not have the tag before

        Raises:
            ValueError: if the tag is empty, or the neighbors are frames, which have no tags
        """
        dataset = root_dataset(self.samples)
        return apply_tag(dataset, self.ids, tag, self.patches_field, replace)

    def save_view(self, name: str, overwrite: bool = False) -> fo.DatasetView:
        """Saves the neighbors as a saved view of the dataset.

        Args:
            name: the name of the saved view
            overwrite (False): whether to replace a saved view with that name

        Raises:
            ValueError: if there is a saved view with that name, or the name is empty
        """
        view = self.view()
        result_views.save_view(view, name, overwrite)
        return view

    def save_scores(self, score_field: str, everywhere: bool = False) -> int:
        """Saves the scores in a field of the samples, the frames or the labels.

        Scores of an earlier search in the field are cleared. A view of frames or of patches that
        was made before does not have the field.

        Args:
            score_field: the field
            everywhere (False): whether to save a score for everything that the index holds, not
                only for the results

        Returns:
            the number of saved scores

        Raises:
            ValueError: if the field holds other values
        """
        pairs = [(self.ids, self.scores)]
        if everywhere:
            pairs = list(self.all_scores())
        scores = {
            id: float(score)
            for some_ids, some_scores in pairs
            for id, score in zip(some_ids, some_scores, strict=True)
        }
        saved = score_fields.save_scores(self.samples, scores, score_field, self.patches_field)
        return saved.count

    def to_dict(self, path_field: str = "filepath") -> SearchAnswer:
        """The results as JSON values: what the panel draws and what an export holds.

        Args:
            path_field ("filepath"): the field with the paths of the files
        """
        answer: SearchAnswer = {
            "query": self.query,
            "brain_key": self.brain_key,
            "metric": self.metric,
            "patches_field": self.patches_field,
            "count": len(self),
            "best_score": round(float(self.scores[0]), 4) if len(self) else None,
            "milliseconds": round(1000 * sum(self.timings.values()), 1),
            "explanation": list(self.explanation),
            "notes": list(self.notes),
            "cutoff": self.cutoff,
            "has_more": self.has_more,
            "verdict": self.verdict,
            "pinned": self._pinned_files(path_field),
            "results": self._rows(path_field),
        }
        terms = self.contributions.terms
        if terms:
            answer["terms"] = terms
        return answer

    def _pinned_files(self, path_field: str) -> list[PinnedSample]:
        ids = list(self.pinned)[:MAX_PINNED]
        files = result_files(self.samples, ids, self.patches_field, path_field) if ids else []
        return [{**file, **self._stack(file["id"])} for file in files]

    def _stack(self, id: str) -> Stack:
        """What is collapsed into a result, or into a sample of the query."""
        if id not in self.near_duplicates:
            return {}
        ids = self.near_duplicates[id]
        scores = {copy: self.near_duplicate_scores[copy] for copy in ids}
        return {"near_duplicate_ids": ids, "near_duplicate_scores": scores}

    def _rows(self, path_field: str) -> list[ResultRow]:
        paths = export.file_paths(self.samples, self.sample_ids, path_field)
        relevance = self.relevance
        rows: list[ResultRow] = [
            {
                "rank": self.skip + i + 1,
                "id": id,
                "sample_id": self.sample_ids[i],
                "filepath": paths.get(self.sample_ids[i]),
                "distance": float(self.distances[i]),
                "score": float(self.scores[i]),
                "percentile": float(self.percentiles[i]),
                "relevance": None if relevance is None else round(float(relevance[i]), 4),
                "band": self.bands[i],
                "near_duplicates": len(self.near_duplicates.get(id, ())),
            }
            for i, id in enumerate(self.ids)
        ]
        self._add_places(rows)
        for row, values in zip(rows, self.contributions.values(), strict=False):
            row["contributions"] = values
        return [{**row, **self._stack(row["id"])} for row in rows]

    def _add_places(self, rows: list[ResultRow]) -> None:
        """Adds where in the files the results are: the boxes of labels, the numbers of frames."""
        if self.patches_field is not None:
            boxes = boxes_by_id(self.samples, self.ids, self.patches_field)
            for row in rows:
                row["bounding_box"] = boxes.get(row["id"])
        numbers = frame_numbers(root_dataset(self.samples), self.ids, self.patches_field)
        for row in rows if numbers else ():
            row["frame_number"] = numbers.get(row["id"])

    def export(self, path: str | Path) -> None:
        """Writes the neighbors to a file; its suffix gives the format.

        Args:
            path: a path that ends in ``.csv``, for a table of the results; in ``.json``, for
                :meth:`to_dict`; or in ``.stages.json``, for the stages of the view

        Raises:
            ValueError: if it has another suffix
        """
        path = Path(path)
        kind = {".csv": "csv", ".json": "json"}.get(path.suffix.lower(), path.name)
        if path.name.lower().endswith(".stages.json"):
            kind = "stages"
        path.write_text(self.to_text(kind), encoding="utf-8", newline="")

    def to_text(self, kind: str) -> str:
        """The text that :meth:`export` writes: ``kind`` is ``"csv"``, ``"json"`` or ``"stages"``.

        Raises:
            ValueError: if it is another kind
        """
        if kind == "csv":
            return export.as_csv(self.to_dict()["results"])
        if kind == "json":
            return export.as_json(self.to_dict())
        if kind == "stages":
            return export.as_stages(self.view())
        raise ValueError(f"{quoted(kind)} is no export format; choose csv, json or stages.")

"""What a search found, and what can be made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.ids import unpack_ids
from fiftyone_faiss.brain.data import result_views, score_fields
from fiftyone_faiss.brain.data.lookup import (
    labels_by_ids,
)
from fiftyone_faiss.brain.data.media import boxes_of
from fiftyone_faiss.brain.data.result_views import view_of
from fiftyone_faiss.brain.retrieval import export
from fiftyone_faiss.brain.retrieval.tags import DEFAULT_TAG, apply_tag

if TYPE_CHECKING:
    from fiftyone_faiss.brain.retrieval.candidates import RankedRows
    from fiftyone_faiss.brain.retrieval.encoding import Band, EncodedQuery


@dataclass(frozen=True)
class Neighbors:
    """What a search found, best first.

    Attributes:
        samples: the collection that was searched
        brain_key: the index that was searched
        metric: its metric
        patches_field: the field of the labels found, None if samples were
        ids: ``n`` ids of samples, or of labels for an index of patches
        sample_ids: ``n`` ids of the samples
        distances: ``(n,)`` float64, to the query, or to the weighted sum of its terms: cosine
            ``1 - cos``, 0 to 2; euclidean L2; dotproduct ``-<q, x>``. Ascending, unless terms,
            feedback or variety made another order
        scores: ``(n,)`` float64 for people, higher is better: of a query of one term, the cosine,
            -1 to 1; the inner product; or ``1 / (1 + distance)``, 0 to 1, for the euclidean
            metric. Of several terms, or with feedback, standard deviations above what is usual.
            With ``hubness``, less what that takes off
        copies: for the results that have some, the ids of the near-copies folded under them
        has_more: whether there are further results
        query: the query in a few words
        explanation: sentences about what was computed
        notes: sentences for the person who asked
        timings: seconds spent to ``"embed"`` the query and to ``"search"``
        cut_score: the score down to which results lie above the automatic cut-off: where the
            best scores fall into two groups
    """

    samples: foc.SampleCollection
    brain_key: str
    metric: str
    patches_field: str | None
    ids: list[str]
    sample_ids: list[str]
    distances: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    copies: dict[str, list[str]]
    has_more: bool
    query: str
    explanation: tuple[str, ...]
    notes: tuple[str, ...]
    timings: dict[str, float]
    cut_score: float
    _encoded: EncodedQuery = field(repr=False)
    _found: RankedRows = field(repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def percentiles(self) -> npt.NDArray[np.float64]:
        """``(n,)`` float64, 0 to 100: how much of a random part of the index scores lower."""
        return self._encoded.percentiles(self._found.ranked, self._found.rank)

    @cached_property
    def bands(self) -> list[Band | None]:
        """``n`` times ``"strong"``, ``"likely"`` or ``"weak"``: whether a result is what was asked
        for, as seen from how near unrelated things come; None where the index is too small."""
        return self._encoded.bands(self._found.vectors)

    @cached_property
    def verdict(self) -> str | None:
        """A sentence if nothing relevant was found: if neither the results nor a random part of the
        index have enough evidence for one of the terms; else None."""
        return self._encoded.verdict(self._found.vectors)

    @property
    def cut(self) -> int:
        """How many of the results lie above the automatic cut-off; all, if they are varied or
        the least similar."""
        return int(np.count_nonzero(self.scores >= self.cut_score))

    def view(self) -> fo.DatasetView:
        """The neighbours in order: samples, or patches for an index of patches.

        Raises:
            ValueError: if they are too many for a view
        """
        return view_of(self.samples, self.ids, self.patches_field)

    def tag(self, tag: str = DEFAULT_TAG, replace: bool = False) -> list[str]:
        """Tags the neighbours: samples, or labels for an index of patches.

        :func:`fiftyone_faiss.untag_neighbors` takes it back.

        Args:
            tag ("neighbors"): the tag
            replace (False): whether to take back the previous tagging with this tag first

        Returns:
            the ids of those that had not had the tag

        Raises:
            ValueError: if the tag is empty, or they are frames, which have no tags
        """
        dataset = self.samples._root_dataset
        return apply_tag(dataset, self.ids, tag, self.patches_field, replace)

    def save_view(self, name: str, overwrite: bool = False) -> fo.DatasetView:
        """Saves the neighbours as a saved view of the dataset.

        Args:
            name: what to call it
            overwrite (False): whether to replace a saved view of that name

        Raises:
            ValueError: if there is one of that name, or the name is empty
        """
        view = self.view()
        result_views.save_view(view, name, overwrite)
        return view

    def save_scores(self, score_field: str, everywhere: bool = False) -> int:
        """Stores the scores in a field of the samples, the frames or the labels.

        Values of an earlier search are cleared. A view of frames or of patches shows the field once
        it is made anew.

        Args:
            score_field: the field
            everywhere (False): whether to store the scores of all that the index holds, as those
                of a classifier, not of the results alone

        Returns:
            how many have a score now

        Raises:
            ValueError: if the field holds something else
        """
        pairs = [(self.ids, self.scores)]
        if everywhere:
            ids = self._found.snapshot.ids
            pairs = [(unpack_ids(ids[rows]), scores) for rows, scores in self._found.of_all()]
        scores = {one: float(x) for few, xs in pairs for one, x in zip(few, xs, strict=True)}
        dataset = self.samples._root_dataset
        return score_fields.save_scores(dataset, scores, score_field, self.patches_field)

    def rows(self, path_field: str = "filepath") -> list[dict[str, Any]]:
        """The neighbours as JSON values: ``rank`` (from 1), ``id``, ``sample_id``, ``filepath``,
        ``distance``, ``score``, ``percentile``, ``band`` and ``copies``, the number folded under
        it. Labels have a ``bounding_box`` too: ``[x, y, width, height]``, 0 to 1, around the points
        of a polyline; None if they have none.

        Args:
            path_field ("filepath"): the field of the files
        """
        paths = export.file_paths(self.samples, self.sample_ids, path_field)
        boxes = self._boxes()
        return [
            {
                "rank": i + 1,
                "id": one,
                "sample_id": self.sample_ids[i],
                "filepath": paths.get(self.sample_ids[i]),
                "distance": float(self.distances[i]),
                "score": float(self.scores[i]),
                "percentile": float(self.percentiles[i]),
                "band": self.bands[i],
                "copies": len(self.copies.get(one, ())),
                **({} if boxes is None else {"bounding_box": boxes.get(one)}),
            }
            for i, one in enumerate(self.ids)
        ]

    def _boxes(self) -> dict[str, list[float]] | None:
        """The boxes of the labels, by their ids; None if samples were found."""
        field = self.patches_field
        if field is None:
            return None
        rows = boxes_of(labels_by_ids(self.samples, self.ids, field), field)
        return {one: list(box) for row in rows for one, box in row if box is not None}

    def export(self, path: str | Path) -> None:
        """Writes the neighbours to a file, by its suffix.

        Args:
            path: a file that ends in ``.csv``: a table of :meth:`rows`; in ``.json``: the same
                with the query; or in ``.stages.json``: the view, as FiftyOne's view stages

        Raises:
            ValueError: if it ends otherwise
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
            return export.as_csv(self.rows())
        if kind == "json":
            return export.as_json({**self.summary(), "metric": self.metric, "results": self.rows()})
        if kind == "stages":
            return export.as_stages(self.view())
        raise ValueError(f"'{kind}' is no format; choose csv, json or stages.")

    def summary(self) -> dict[str, Any]:
        """The numbers of the search, as JSON values."""
        return {
            "query": self.query,
            "brain_key": self.brain_key,
            "count": len(self),
            "best_score": round(float(self.scores[0]), 4) if len(self) else None,
            "milliseconds": round(1000 * sum(self.timings.values()), 1),
            "explanation": list(self.explanation),
            "notes": list(self.notes),
        }

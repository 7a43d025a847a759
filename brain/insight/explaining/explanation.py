"""The result of explaining a match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone.core.collections as foc
from PIL import Image

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.data.value_fields import SavedFields
from fiftyone_faiss.brain.insight.explaining.choosing import Fits
from fiftyone_faiss.brain.insight.explaining.faithfulness import Faithfulness
from fiftyone_faiss.brain.insight.explaining.heatmap_fields import save_heatmap
from fiftyone_faiss.brain.insight.explaining.images import ImageMap
from fiftyone_faiss.brain.insight.explaining.local_matches import LocalMatches
from fiftyone_faiss.brain.insight.explaining.methods import Method
from fiftyone_faiss.brain.insight.explaining.pairs import EXACT, Pairs


@dataclass(frozen=True)
class Explanation:
    """Why a sample, frame or label matches a query.

    Attributes:
        samples: the collection
        id: the sample, frame or label that matches
        query: the query in a few words
        brain_key: the index
        patches_field: the field of the labels that the index holds, None for samples and frames
        method: ``"occlusion"``, ``"patches"`` or ``"gradient"``
        score: the cosine of the two vectors, -1 to 1, computed now; the rounding of a search may
            differ
        map: what each part of the match adds
        query_map: what each part of the picture of the query adds, None for other queries
        faithfulness: how well ``map`` shows what the score depends on
        pairs: which regions of the two pictures go together, None for other queries
        parts: ``(rows, columns)`` float32 what each patch of the match adds to the score; None if
            the model has no such parts
        matches: the local features that agree, for near-duplicates; None for others
        fits: what was measured to choose the method; empty if it was given
        thumbnail: a small image of the match's whole picture
        query_thumbnail: the same of the query, None if it is not one picture
        notes: what else to know, in sentences
    """

    samples: foc.SampleCollection
    id: str
    query: str
    brain_key: str
    patches_field: str | None
    method: Method
    score: float
    map: ImageMap
    query_map: ImageMap | None
    faithfulness: Faithfulness
    pairs: Pairs | None
    parts: Matrix | None
    matches: LocalMatches | None
    fits: Fits
    thumbnail: Image.Image
    query_thumbnail: Image.Image | None
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        badge = "faithful" if self.faithfulness.has_badge else "not verified"
        return (
            f"{self.query} matches {self.id} with a score of {self.score:.3f}; the map is {badge}."
        )

    @property
    def heatmap(self) -> Matrix:
        """``(height, width)`` float32 in the frame of the match's picture, 0 to 1.

        It is 1 where the score comes from most. It is 0 where nothing raises the score, and where
        the model did not look: outside its crop, and outside the label of an index of patches.
        """
        return self.map.heatmap()

    @property
    def query_heatmap(self) -> Matrix | None:
        """The same for the picture of the query; None for other queries."""
        return None if self.query_map is None else self.query_map.heatmap()

    @property
    def remainder(self) -> float | None:
        """The score minus the sum of ``pairs``, or of ``parts`` for a text; None without them."""
        total = self._total
        return None if total is None else self.score - total

    @property
    def is_exact(self) -> bool:
        """Whether ``pairs``, or ``parts`` for a text, add up to the score."""
        return self.remainder is not None and abs(self.remainder) <= EXACT

    @property
    def _total(self) -> float | None:
        values = self.parts if self.pairs is None else self.pairs.values
        return None if values is None else float(values.sum(dtype="float64"))

    def save(self, field: str = "why_similar", folder: str | None = None) -> SavedFields:
        """Saves the heatmap of the match as a FiftyOne ``Heatmap`` with a ``map_path``.

        Args:
            field ("why_similar"): a field of samples or frames; created if it does not exist. The
                label of a patch gets the heatmap in the field of its sample
            folder (None): the folder for the PNG file, by default one for the dataset in
                ``fo.config.default_dataset_dir``

        Returns:
            what was saved, with ``undo()``

        Raises:
            ValueError: if the field holds other values
        """
        return save_heatmap(self.samples, self.id, self.patches_field, self.heatmap, field, folder)

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values, with coarse maps, for a page."""
        faithfulness, remainder = self.faithfulness, self.remainder
        return {
            "id": self.id,
            "query": self.query,
            "brain_key": self.brain_key,
            "method": self.method,
            "score": round(self.score, 4),
            "map": _map_dict(self.map),
            "query_map": None if self.query_map is None else _map_dict(self.query_map),
            "faithfulness": {
                "has_badge": faithfulness.has_badge,
                "problem": faithfulness.problem,
                "beaten": round(faithfulness.beaten, 3),
                "deletion": round(faithfulness.deletion, 4),
                "insertion": round(faithfulness.insertion, 4),
                "random": round(faithfulness.random, 4),
                "interval": [round(value, 4) for value in faithfulness.interval],
            },
            "pairs": None if self.pairs is None else _pairs_dict(self.pairs),
            "remainder": None if remainder is None else round(remainder, 4),
            "is_exact": self.is_exact,
            "lines": _lines(self.matches),
            "is_mirrored": self.matches is not None and self.matches.is_mirrored,
            "fits": {method: round(fit, 4) for method, fit in self.fits.items()},
            "notes": list(self.notes),
        }


def _map_dict(map: ImageMap) -> dict[str, Any]:
    return {"values": map.on_grid().round(3).tolist(), "box": list(map.box)}


def _pairs_dict(pairs: Pairs) -> dict[str, Any]:
    values = pairs.coarse()
    return {
        "method": pairs.method,
        "values": values.round(5).tolist(),
        "query_box": list(pairs.query_box),
        "match_box": list(pairs.match_box),
    }


def _lines(matches: LocalMatches | None) -> list[list[float]]:
    """``[x, y]`` in the picture of the query, then in the match, of each line."""
    if matches is None:
        return []
    lines: list[list[float]] = [
        [*map(float, first), *map(float, second)]
        for first, second in zip(matches.query.round(4), matches.match.round(4), strict=True)
    ]
    return lines

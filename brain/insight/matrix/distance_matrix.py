"""The result of a comparison of all pairs of a few samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.core.arrays import Matrix, Places
from fiftyone_faiss.brain.insight.matrix import drawing
from fiftyone_faiss.brain.insight.matrix.random_pairs import RandomPairs
from fiftyone_faiss.brain.retrieval.export import as_csv, file_paths


@dataclass(frozen=True)
class DistanceMatrix:
    """The distances of all pairs of a few samples, frames or labels.

    Attributes:
        samples: the collection
        brain_key: the index
        metric: its metric
        patches_field: the field of the labels that the index holds, None for samples and frames
        ids: ``n`` ids of samples or frames, or of labels
        sample_ids: the ids of their samples or frames
        distances: ``(n, n)`` float32 in the metric of the index, symmetric
        angles: ``(n, n)`` float32 angles between the vectors in degrees, 0 to 180, whatever the
            metric; 90 for a zero vector
        order: ``(n,)`` int64 places; neighbors in this order are near to each other
        percentiles: ``(n, n)`` float32, 0 to 100: the percentage of random pairs of the index that
            are nearer; None if the index is too small for that
        random_pairs: these random pairs, with the ``resolution`` and the ``margin`` of percentiles
        label_field: the field of the labels; None if none was given
        labels: the label of each id, None where it has none
        duplicates: groups of near-duplicates by their ids
        thresh: the largest cosine distance of near-duplicates
        missing: the ids that were left out, because the index or the dataset does not hold them
        notes: what else to know, in sentences
    """

    samples: foc.SampleCollection
    brain_key: str
    metric: str
    patches_field: str | None
    ids: list[str]
    sample_ids: list[str]
    distances: Matrix
    angles: Matrix
    order: Places
    percentiles: Matrix | None
    random_pairs: RandomPairs | None = field(repr=False)
    label_field: str | None
    labels: list[str | None]
    duplicates: list[list[str]]
    thresh: float
    missing: list[str]
    notes: list[str]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def label_order(self) -> Places:
        """``(n,)`` int64 places by label, those without one last; in ``order`` within a label."""
        labels = [self.labels[place] for place in self.order]
        rank = {label: n for n, label in enumerate(sorted({x for x in labels if x is not None}))}
        keys = [len(rank) if label is None else rank[label] for label in labels]
        return self.order[np.argsort(keys, kind="stable")]

    def order_by(self, by_label: bool = False) -> Places:
        """``(n,)`` int64 places: :attr:`label_order` or :attr:`order`."""
        return self.label_order if by_label else self.order

    def to_csv(self, path: str | Path, by_label: bool = False) -> None:
        """Writes the distances as a square table.

        The columns are ``id``, ``filepath``, ``label``, and then one for each id, in the order of
        the rows. A text that a spreadsheet would run as a formula has an apostrophe before it.

        Args:
            path: where to
            by_label (False): whether to order by label, and not by leaves
        """
        Path(path).write_text(self.to_text(by_label), encoding="utf-8", newline="")

    def to_png(self, path: str | Path, by_label: bool = False) -> None:
        """Draws the matrix with its labels and duplicates; see :meth:`to_csv`."""
        Path(path).write_bytes(self.to_image("png", by_label))

    def to_svg(self, path: str | Path, by_label: bool = False) -> None:
        """Draws the matrix with its labels and duplicates; see :meth:`to_csv`."""
        Path(path).write_bytes(self.to_image("svg", by_label))

    def to_text(self, by_label: bool = False) -> str:
        """What :meth:`to_csv` writes."""
        order = self.order_by(by_label).tolist()
        paths = file_paths(self.samples, [self.sample_ids[place] for place in order])
        # The shortest numbers that read back as the same float32.
        numbers = self.distances.astype(str).astype(np.float64)
        rows: list[dict[str, Any]] = [
            {
                "id": self.ids[place],
                "filepath": paths.get(self.sample_ids[place]),
                "label": self.labels[place],
                **{self.ids[other]: float(numbers[place, other]) for other in order},
            }
            for place in order
        ]
        return as_csv(rows)

    def to_image(self, kind: str, by_label: bool = False) -> bytes:
        """What :meth:`to_png` and :meth:`to_svg` write: ``kind`` is ``"png"`` or ``"svg"``."""
        order = self.order_by(by_label)
        places = {id: place for place, id in enumerate(self.ids)}
        groups = [np.array([places[id] for id in group]) for group in self.duplicates]
        heatmap = drawing.Heatmap(
            title=f"{len(self)} of '{self.brain_key}'",
            unit=f"{self.metric} distance",
            values=self.distances[np.ix_(order, order)],
            labels=[self.labels[place] for place in order] if self.label_field else [],
            label_title=self.label_field or "",
            groups=[np.sort(np.argsort(order)[group]) for group in groups],
        )
        return drawing.draw(heatmap, kind)

    def __str__(self) -> str:
        off = self.distances[np.triu_indices(len(self), 1)]
        text = (
            f"{len(self)} of '{self.brain_key}': {self.metric} distances of {off.min():.3g} to "
            f"{off.max():.3g}, the median is {np.median(off):.3g}"
        )
        if self.percentiles is not None:
            median = np.median(self.percentiles[np.triu_indices(len(self), 1)])
            text += f" (nearer than {100 - median:.1f} % of random pairs)"
        groups = len(self.duplicates)
        if groups:
            text += f"; {groups} group{'s' * (groups != 1)} of near-duplicates"
        return " ".join([f"{text}.", *self.notes])

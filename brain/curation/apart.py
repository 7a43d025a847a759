"""Pairs of compared vectors that a person judged to be different."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.ann.joined_pairs import JoinedPairs
from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.curation.judgments import different_pairs
from fiftyone_faiss.brain.curation.star_cover import Near


@dataclass(frozen=True)
class Apart:
    """Pairs that are no duplicates.

    Attributes:
        others: the positions that are different from a position
    """

    others: Mapping[int, Positions]

    @classmethod
    def none(cls) -> Apart:
        """No pairs."""
        return cls({})

    @classmethod
    def of(cls, compared: Compared) -> Apart:
        """The pairs that people judged."""
        pairs = different_pairs(compared.samples, compared.patches_field)
        if not pairs:
            return cls.none()
        wanted = {id for pair in pairs for id in pair}
        every = compared.ids_at(np.arange(len(compared.vectors)))
        place = {id: position for position, id in enumerate(every) if id in wanted}
        others: dict[int, list[int]] = {}
        for a, b in pairs:
            if a in place and b in place:
                others.setdefault(place[a], []).append(place[b])
                others.setdefault(place[b], []).append(place[a])
        return cls({position: np.array(own) for position, own in others.items()})

    def leave_out(self, pairs: JoinedPairs, total: int) -> int:
        """Leaves these out of the listed pairs of a join.

        Args:
            pairs: the pairs
            total: the number of all positions

        Returns:
            how many were left out
        """
        if not self.others:
            return 0
        judged = [
            position * total + other for position, own in self.others.items() for other in own
        ]
        keys = pairs.first.astype(np.int64) * total + pairs.second
        is_out = np.isin(keys, np.array(judged, np.int64))
        pairs.leave_out(is_out)
        return int(is_out.sum())

    def without(self, near: Near) -> Near:
        """The near positions without those that are different."""
        if not self.others:
            return near

        def apart(position: int) -> tuple[Positions, Distances]:
            others, distances = near(position)
            known = self.others.get(position)
            if known is None:
                return others, distances
            is_kept = ~np.isin(others, known)
            return others[is_kept], distances[is_kept]

        return apart

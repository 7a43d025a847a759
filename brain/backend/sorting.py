"""FiftyOne's sorted views: the samples, labels or frames of a view by their similarity."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.patches as fop
import fiftyone.core.stages as fos
from bson import ObjectId

from fiftyone_faiss.brain.backend.editable_index import EditableIndex
from fiftyone_faiss.brain.backend.neighbor_ids import checked_k
from fiftyone_faiss.brain.data.private import holds_frames, holds_parts, holds_patches
from fiftyone_faiss.brain.data.result_views import MAX_ORDERED_IDS, check_ordered, parts_with
from fiftyone_faiss.brain.data.slices import slices_note

logger = logging.getLogger(__name__)


class SortingIndex(EditableIndex):
    """A stored index that sorts the current view."""

    @abstractmethod
    def _kneighbors(
        self,
        query: Any = None,
        k: int | None = None,
        reverse: bool = False,
        aggregation: str | None = None,
        return_dists: bool = False,
    ) -> Any: ...

    def sort_by_similarity(
        self,
        query: Any,
        k: int | None = None,
        reverse: bool = False,
        aggregation: str = "mean",
        dist_field: str | None = None,
        _mongo: bool = False,
    ) -> Any:
        """See :meth:`fiftyone.brain.similarity.SimilarityIndex.sort_by_similarity`.

        Raises:
            ValueError: if ``k`` is not at least 1, if it would order more than
                ``MAX_ORDERED_IDS`` samples, or if the view cannot show what the index holds
        """
        k, view = checked_k(k), self._curr_view
        self._check_shows(view)
        if k is None or k > MAX_ORDERED_IDS:
            check_ordered(min(self.snapshot.size, k or self.snapshot.size), view)
        query = self._parse_query(query)
        # FiftyOne shows the active slice of groups alone.
        with self.active_slice() if self.holds_groups else nullcontext():
            columns = self._kneighbors(query, k, reverse, aggregation, return_dists=True)
        sample_ids, label_ids, distances = columns
        ids = sample_ids if self.config.patches_field is None else label_ids
        by_id = dict(zip(ids, distances, strict=True))
        if not by_id:
            self._warn_of_slices(view)
        if self._is_of_parts(view):
            stages = self._stages_of_parts(view, by_id, dist_field)
        else:
            stages = self._stages(view, sample_ids, by_id, k, dist_field)
        return _pipeline(view, stages) if _mongo else _staged(view, stages)

    def _check_shows(self, view: foc.SampleCollection) -> None:
        if self.view_filter.is_of_frames and not holds_frames(view):
            raise ValueError(
                f"The index '{self.key}' holds frames, which a view of videos cannot show; sort "
                "fiftyone_faiss.video_frames(dataset) or dataset.to_frames() instead."
            )

    def _warn_of_slices(self, view: foc.SampleCollection) -> None:
        snapshot = self.snapshot
        note = slices_note(view.view(), snapshot.sample_ids[snapshot.live_rows])
        if note is not None:
            logger.warning(note)

    def _is_of_parts(self, view: foc.SampleCollection) -> bool:
        """Whether the view has other ids than the index: of patches or clips of the samples."""
        if self.config.patches_field is not None:
            return isinstance(view, fop.EvaluationPatchesView)
        if self.view_filter.is_of_frames:
            return holds_patches(view)
        return holds_parts(view)

    def _stages_of_parts(
        self, view: foc.SampleCollection, by_id: Mapping[str, float], dist_field: str | None
    ) -> list[fos.ViewStage]:
        """Selects the patches, clips or frames that hold, or are parts of, the neighbors."""
        pairs = parts_with(view, list(by_id), self.config.patches_field)
        if dist_field is not None:
            values = {part_id: by_id[own_id] for part_id, own_id in pairs}
            view.set_values(dist_field, values, key_field="id")
        return [fos.Select([part_id for part_id, _ in pairs], ordered=True)]

    def _stages(
        self,
        view: foc.SampleCollection,
        sample_ids: list[str],
        by_id: Mapping[str, float],
        k: int | None,
        dist_field: str | None,
    ) -> list[fos.ViewStage]:
        field, ids = self.config.patches_field, list(by_id)
        if field is None or isinstance(view, fop.PatchesView):
            if dist_field is not None:
                view.set_values(dist_field, dict(by_id), key_field="id")
            return [fos.Select(ids, ordered=True)]
        if dist_field is not None:
            # FiftyOne's own method writes a distance for each sample, not for each label.
            path = view._get_label_field_path(field, dist_field)[1]
            values = [
                {"sample_id": sample_id, "label_id": label_id, "value": by_id[label_id]}
                for sample_id, label_id in zip(sample_ids, ids, strict=True)
            ]
            view.set_label_values(path, values, dynamic=True)
        stages = [fos.Select(list(dict.fromkeys(sample_ids)), ordered=True)]
        if k is not None:
            kept = fo.ViewField("_id").is_in([ObjectId(id) for id in ids])
            stages.append(fos.FilterLabels(field, kept))
        return stages


def _pipeline(view: foc.SampleCollection, stages: list[fos.ViewStage]) -> list[dict[str, Any]]:
    pipeline: list[dict[str, Any]] = []
    for stage in stages:
        stage.validate(view)
        pipeline.extend(stage.to_mongo(view))
    return pipeline


def _staged(view: foc.SampleCollection, stages: list[fos.ViewStage]) -> foc.SampleCollection:
    for stage in stages:
        view = view.add_stage(stage)
    return view

"""The last clusters of a dataset, and what the page is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import fiftyone as fo

from fiftyone_faiss import brain
from fiftyone_faiss.panels.cluster_messages import ClusterHeading, ClusterRow, ClustersRun
from fiftyone_faiss.panels.curate_lists import files_of
from fiftyone_faiss.panels.curate_runs import last_run


def clusters_run(dataset: fo.Dataset) -> ClustersRun | None:
    """The last clusters of a dataset."""
    run = last_run(dataset, "clusters", brain.Clusters)
    if run is None:
        return None
    result = run.result
    told = result.to_dict()
    shared = {
        name: told[name]
        for name in ("patches_field", "compared", "unclustered", "agreement", "runs", "notes")
    }
    entry = {
        **shared,
        "id": run.id,
        "params": run.params,
        "count": len(result.clusters),
        "named": sum(name is not None for name in result.names),
        "groups": len(result.groups),
        "proposed": None if result.proposal is None else result.proposal.k,
        "candidates": told["candidates"],
    }
    return cast(ClustersRun, entry)


def in_order(result: brain.Clusters) -> list[brain.Cluster]:
    """The clusters of each group after each other, large groups and clusters first."""
    sizes = {group.number: _size(result, group) for group in result.groups}
    # Clusters are numbered by size.
    return sorted(
        result.clusters,
        key=lambda each: (-sizes.get(each.group or 0, 0), each.group or 0, each.number),
    )


def cluster_rows(
    dataset: fo.Dataset, result: brain.Clusters, shown: Sequence[brain.Cluster]
) -> list[ClusterRow]:
    """Describes clusters with the files of their members that exist."""
    ids = [id for each in shown for id in (*each.medoids, *(case.id for case in each.borders))]
    files = files_of(dataset, list(dict.fromkeys(ids)), result.patches_field)
    headings = _headings(result)
    rows: list[dict[str, Any]] = [
        {
            **each.to_dict(),
            "medoids": [files[id] for id in each.medoids if id in files],
            "borders": [
                {
                    "file": files[case.id],
                    "other": case.other,
                    "other_label": result.clusters[case.other].label,
                    "confidence": case.confidence,
                }
                for case in each.borders
                if case.id in files
            ],
            "heading": headings.get(each.number),
        }
        for each in shown
    ]
    for row in rows:
        del row["group"]
    return cast(list[ClusterRow], rows)


def _headings(result: brain.Clusters) -> dict[int, ClusterHeading]:
    """The group that begins at each cluster."""
    return {
        min(group.clusters): cast(ClusterHeading, {**group.to_dict(), "size": _size(result, group)})
        for group in result.groups
    }


def _size(result: brain.Clusters, group: brain.ClusterGroup) -> int:
    return sum(result.clusters[number].size for number in group.clusters)

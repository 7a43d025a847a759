"""Datasets without image files: an index of given vectors never opens one."""

from __future__ import annotations

import time
from typing import Any

import numpy as np


def make_dataset(name: str, n: int, ids_file: str, u_file: str, seed: int) -> dict[str, Any]:
    """Creates a dataset of ``n`` samples with a field ``u``, uniform in [0, 1).

    The documents are copies of one that FiftyOne created, written to the database directly:
    creating a million of them through FiftyOne's own objects takes half an hour.
    """
    import fiftyone as fo
    from bson import ObjectId

    started = time.perf_counter()
    dataset = fo.Dataset(name, persistent=True)
    dataset.add_sample(fo.Sample("/images/template.jpg", u=0.5))
    collection = dataset._sample_collection
    template = collection.find_one_and_delete({})
    u = np.random.default_rng([seed, n]).random(n)
    # Ascending, unlike generated ids, whose counter wraps around.
    ids = [f"{int(time.time()):08x}{i:016x}" for i in range(n)]
    for start in range(0, n, 10_000):
        collection.insert_many(
            [
                {
                    **template,
                    "_id": ObjectId(ids[i]),
                    "filepath": f"/images/{i:08}.jpg",
                    "u": float(u[i]),
                }
                for i in range(start, min(start + 10_000, n))
            ],
            ordered=False,
        )
    np.save(ids_file, np.array(ids, "S24"))
    np.save(u_file, u)
    return {"seconds": time.perf_counter() - started, "samples": len(dataset)}


def delete_dataset(name: str) -> dict[str, Any]:
    """Deletes a dataset and its indexes."""
    import fiftyone as fo

    fo.load_dataset(name).delete_brain_runs()
    fo.delete_dataset(name)
    return {}


def delete_index(name: str, key: str) -> dict[str, Any]:
    """Deletes an index, so that many sizes and types fit on disk."""
    import fiftyone as fo

    fo.load_dataset(name).delete_brain_run(key)
    return {}

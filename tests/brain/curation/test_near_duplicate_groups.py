"""Groups of near duplicates among compared vectors."""

from __future__ import annotations

import numpy as np
from support.scored import dataset_of

from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.curation.near_duplicate_groups import groups_steps
from fiftyone_faiss.brain.data.progress_bar import run_steps

N, PAIRS = 400, 40


def test_near_duplicates_are_one_group(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(N, 16)).astype(np.float32)
    vectors[N - PAIRS :] = vectors[:PAIRS] * 1.001
    dataset = dataset_of(vectors)
    compared = Compared.of(dataset, None)
    proposed = run_steps(groups_steps(compared), False)
    assert (proposed[N - PAIRS :] == proposed[:PAIRS]).all()
    # At most a tenth of the proposed pairs may be accidental.
    assert N - PAIRS - 4 <= len(np.unique(proposed)) <= N - PAIRS
    given = run_steps(groups_steps(compared, thresh=1e-4), False)
    assert (given[N - PAIRS :] == given[:PAIRS]).all()
    assert len(np.unique(given)) == N - PAIRS
    pairs = run_steps(groups_steps(compared, thresh=2.0), False)
    assert len(np.unique(pairs)) == 1
    dataset.delete()

"""Embeddings of drawn images and of texts by the demo's model.

Text embeddings of a CLIP model are far from its image embeddings, so an index with a high recall
for held-out images may have a low recall for texts. Only real embeddings show this.
"""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import numpy as np

from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
from fiftyone_faiss.demo.evaluate import draw_unseen, embed_pictures
from fiftyone_faiss.demo.phrases import queries
from fiftyone_faiss.demo.world import Picture

_BATCH = 200


def _draw(request: tuple[int, int]) -> list[Picture]:
    number, seed = request
    return draw_unseen(number, seed=seed)


def embed(n: int, n_queries: int, seed: int, folder: Path) -> dict[str, Any]:
    """Embeds ``n`` images, ``n_queries`` held-out images, and all texts of the demo.

    The vectors are cached in ``folder``, because drawing the images takes most of the time.

    Returns:
        a dict with the ``.npy`` files ``vectors``, ``pictures`` (held-out images) and ``texts``,
        and the model's name, fingerprint and dimension
    """
    from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec

    embedder = OpenClipEmbedder(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))
    stem = f"pictures-{embedder.fingerprint}-{seed}-{n}-{n_queries}"
    files = {name: folder / f"{stem}-{name}.npy" for name in ("vectors", "pictures", "texts")}
    if not all(file.exists() for file in files.values()):
        total = n + n_queries
        starts = range(0, total, _BATCH)
        requests = [(min(_BATCH, total - s), 1_000_000 * (31 + seed) + s) for s in starts]
        # A fork of a process that runs torch's threads may hang.
        with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
            batches = pool.imap(_draw, requests)
            vectors = np.concatenate([embed_pictures(embedder, batch) for batch in batches])
        np.save(files["vectors"], vectors[:n])
        np.save(files["pictures"], vectors[n:])
        np.save(files["texts"], embedder.embed_texts([query.text for query in queries()]))
    return {
        "files": {name: str(file) for name, file in files.items()},
        "model": MODEL_NAME,
        "fingerprint": embedder.fingerprint,
        "dim": embedder.dim,
    }

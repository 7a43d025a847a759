"""Real embeddings: drawn pictures and phrases, embedded by the demo's model.

A CLIP's texts lie in another part of the space than its pictures, so an index that keeps its
recall for held-out pictures may lose it for texts; only real vectors tell.
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

_AT_ONCE = 200


def _draw(request: tuple[int, int]) -> list[Picture]:
    number, seed = request
    return draw_unseen(number, seed=seed)


def embed(n: int, n_queries: int, seed: int, folder: Path) -> dict[str, Any]:
    """Embeds ``n`` pictures, as many held-out ones as asked for, and all phrases of the demo.

    The vectors are kept: drawing takes longer than all the rest.

    Returns:
        the ``.npy`` files ``vectors``, ``pictures`` and ``texts``, and the model's fingerprint
    """
    from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec

    embedder = OpenClipEmbedder(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))
    stem = f"pictures-{embedder.fingerprint}-{seed}-{n}-{n_queries}"
    files = {name: folder / f"{stem}-{name}.npy" for name in ("vectors", "pictures", "texts")}
    if not all(file.exists() for file in files.values()):
        total = n + n_queries
        starts = range(0, total, _AT_ONCE)
        requests = [(min(_AT_ONCE, total - s), 1_000_000 * (31 + seed) + s) for s in starts]
        # Fresh processes: a fork of one that runs torch's threads may hang.
        with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
            drawn = pool.imap(_draw, requests)
            vectors = np.concatenate([embed_pictures(embedder, some) for some in drawn])
        np.save(files["vectors"], vectors[:n])
        np.save(files["pictures"], vectors[n:])
        np.save(files["texts"], embedder.embed_texts([one.text for one in queries()]))
    return {
        "files": {name: str(file) for name, file in files.items()},
        "model": MODEL_NAME,
        "fingerprint": embedder.fingerprint,
        "dim": embedder.dim,
    }

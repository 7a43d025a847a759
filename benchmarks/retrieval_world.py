"""The dataset that ``bench_retrieval.py`` searches, and the metrics of its rankings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np
from PIL import Image

import fiftyone_faiss
from fiftyone_faiss.brain import Embedder, Neighbors, get_embedder, load_index, register_zoo_model
from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
from fiftyone_faiss.demo.dataset import create_dataset
from fiftyone_faiss.demo.phrases import Labeled, PhraseQuery, queries
from fiftyone_faiss.demo.world import (
    COLOR_NAMES,
    LABELS_FILE,
    SCENE_NAMES,
    PictureFile,
    draw_picture,
)
from fiftyone_faiss.demo.world import load_labels as load_pictures
from fiftyone_faiss.embedders import unit
from fiftyone_faiss.embedders.open_clip import OpenClipSpec

KEY = "clip"
K = 10
# With fewer relevant images, precision@10 cannot reach 1.
MIN_RELEVANT = 10
# The number of queries per family when several methods or constants are compared.
QUERIES_PER_FAMILY = 40

T = TypeVar("T")


@dataclass(frozen=True)
class Book:
    """A dataset of drawn images with an index and exact labels.

    Attributes:
        dataset: the dataset
        pictures: the labels of its ``n`` images, in the order of the dataset
        ids: the ``n`` sample IDs, in the same order
        vectors: ``(n, dim)`` float32 unit vectors, from the index
    """

    dataset: fo.Dataset
    pictures: list[PictureFile]
    ids: list[str]
    vectors: np.ndarray

    @classmethod
    def open(cls, name: str, folder: str) -> Book:
        """Opens the dataset that :func:`make_book` created."""
        _register()
        _cache_texts(get_embedder(MODEL_NAME))
        dataset = fo.load_dataset(name)
        _, pictures = load_pictures(Path(folder) / LABELS_FILE)
        ids, paths = dataset.values(["id", "filepath"])
        by_file = {picture.filename: picture for picture in pictures}
        vectors = unit(load_index(dataset, KEY).vectors_of(ids))
        return cls(dataset, [by_file[Path(path).name] for path in paths], ids, vectors)

    @cached_property
    def position(self) -> dict[str, int]:
        """The position of each sample ID."""
        return {sample_id: i for i, sample_id in enumerate(self.ids)}

    def relevant(self, is_true_of: Callable[[Labeled], bool]) -> np.ndarray:
        """Returns ``(n,)`` bool, which images satisfy a predicate."""
        return np.array([is_true_of(picture) for picture in self.pictures])

    def has(self, kind: str, color: str | None = None) -> np.ndarray:
        """Returns ``(n,)`` bool, which images show an object of a kind, and of a color if given."""
        return self.relevant(
            lambda picture: any(
                thing.kind == kind and color in (None, thing.color) for thing in picture.things
            )
        )

    def scene(self, scene: str) -> np.ndarray:
        """Returns ``(n,)`` bool, which images show a scene."""
        return self.relevant(lambda picture: picture.scene == scene)

    def search(
        self, query: Any, k: int = K, view: foc.SampleCollection | None = None, **options: Any
    ) -> Neighbors:
        """Runs ``fiftyone_faiss.search`` on the dataset or on a view of it."""
        samples = self.dataset if view is None else view
        return fiftyone_faiss.search(samples, query, brain_key=KEY, k=k, **options)

    def positions(self, ids: Sequence[str]) -> np.ndarray:
        """Returns the ``(len(ids),)`` int64 positions of sample IDs."""
        return np.array([self.position[sample_id] for sample_id in ids], np.int64)

    def rank(self, query: Any, k: int = K, **options: Any) -> np.ndarray:
        """Returns the positions of the results of a search, most similar first."""
        return self.positions(self.search(query, k, **options).ids)

    def embed_texts(self, *texts: str) -> np.ndarray:
        """Returns ``(len(texts), dim)`` float32 unit vectors."""
        return get_embedder(MODEL_NAME).embed_texts(list(texts))

    def embed_image(self, image: Image.Image) -> np.ndarray:
        """Returns the ``(dim,)`` float32 unit vector of an image."""
        return get_embedder(MODEL_NAME).embed_image(image)


def _register() -> None:
    register_zoo_model(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))


def _cache_texts(embedder: Embedder) -> None:
    """Caches text embeddings, because many methods and constants share the same queries."""
    embed = embedder.embed_texts
    cache: dict[tuple[str, ...], np.ndarray] = {}

    def cached(texts: Sequence[str]) -> np.ndarray:
        key = tuple(texts)
        if key not in cache:
            cache[key] = embed(texts)
        return cache[key].copy()

    embedder.embed_texts = cached  # type: ignore[method-assign]


def make_book(name: str, folder: str, n: int, seed: int) -> dict[str, Any]:
    """Draws and indexes ``n`` images; images that an earlier run has drawn are reused."""
    _register()
    dataset = create_dataset(name, Path(folder), n, seed)
    report = fiftyone_faiss.build_index(dataset, KEY, model=MODEL_NAME)
    duplicates = sum(value is not None for value in dataset.values("near_duplicate_of"))
    return {
        "pictures": len(dataset),
        "near_copies": duplicates,
        "model": MODEL_NAME,
        "report": str(report),
    }


def labeled_queries(
    book: Book, minimum: int = MIN_RELEVANT, per_family: int | None = QUERIES_PER_FAMILY
) -> list[tuple[PhraseQuery, np.ndarray]]:
    """Returns the text queries of the demo, each with ``(n,)`` bool, the relevant images.

    Args:
        book: the dataset
        minimum (10): the minimum number of relevant images of a query
        per_family (40): the maximum number of queries of a family; None for all of them
    """
    families: dict[str, list[tuple[PhraseQuery, np.ndarray]]] = {}
    for query in queries():
        relevant = book.relevant(query.is_true_of)
        if relevant.sum() >= minimum:
            families.setdefault(query.family, []).append((query, relevant))
    return [pair for family in families.values() for pair in subset(family, per_family)]


def subset(items: list[T], maximum: int | None) -> list[T]:
    """Returns at most ``maximum`` items, drawn from a fixed seed, in their order."""
    if maximum is None or len(items) <= maximum:
        return items
    chosen = np.random.default_rng(0).choice(len(items), maximum, replace=False)
    return [items[i] for i in sorted(chosen)]


def draw_query_image(rng: np.random.Generator, kind: str, not_in: str) -> Image.Image:
    """Draws an image that is not in the dataset: an object in any scene but ``not_in``."""
    scene = str(rng.choice([name for name in SCENE_NAMES if name != not_in]))
    return draw_picture(rng, 1, scene, ((kind, str(rng.choice(COLOR_NAMES))),)).image


@contextmanager
def constant(module: ModuleType, name: str, value: float) -> Iterator[None]:
    """Sets a constant of a module to another value within the context."""
    original = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, original)


# -- metrics -------------------------------------------------------------------------------------


def ranked(scores: np.ndarray) -> np.ndarray:
    """Returns positions by descending score, ties by position."""
    return np.argsort(-scores, kind="stable")


def precision(relevant: np.ndarray, ranking: np.ndarray, k: int = K) -> float:
    """Returns precision@k, 0 to 1; missing results count as not relevant."""
    return float(relevant[ranking[:k]].sum() / k)


def ndcg(relevant: np.ndarray, ranking: np.ndarray, k: int = K) -> float:
    """Returns the normalized discounted cumulative gain of the first ``k`` results, 0 to 1.

    This is ``sum(relevant_i / log2(i + 1))`` over the ranks ``i`` from 1, divided by its value for
    a ranking that starts with all relevant images (Järvelin and Kekäläinen, "Cumulated gain-based
    evaluation of IR techniques", 2002, with binary relevance).
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    gains = relevant[ranking[:k]]
    best = discounts[: min(k, int(relevant.sum()))].sum()
    return float(gains @ discounts[: len(gains)] / best) if best else 0.0


def r_precision(relevant: np.ndarray, ranking: np.ndarray) -> float:
    """Returns the precision of the first ``R`` results, for ``R`` relevant images, 0 to 1."""
    return precision(relevant, ranking, int(relevant.sum()))


def mean(values: Sequence[float | None]) -> float | None:
    """Returns the mean of the values that are not None, or None if there are none."""
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 4) if known else None


def table(
    title: str,
    corner: str,
    rows: dict[str, dict[str, Any]],
    default: str | None = None,
    metric: str | None = None,
    note: str = "",
    bound: str | None = None,
) -> dict[str, Any]:
    """Returns a table of a section, as stored in the JSON file.

    Args:
        title: the title
        corner: the heading of the row labels
        rows: the numbers by row and column
        default (None): the row of the default setting
        metric (None): the column that rows are compared by, higher is better
        note (""): sentences below the table
        bound (None): a row that is an upper bound rather than a setting
    """
    return {
        "title": title,
        "corner": corner,
        "rows": rows,
        "now": default,
        "by": metric,
        "why": note,
        "bound": bound,
    }

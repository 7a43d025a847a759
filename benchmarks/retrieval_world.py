"""The book that ``bench_retrieval.py`` searches, and how its answers are scored."""

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
# A query with fewer right pictures cannot fill the first ten.
LEAST_RIGHT = 10
# Where several ways or constants are compared, so many queries of a family are enough.
EACH = 40

T = TypeVar("T")


@dataclass(frozen=True)
class Book:
    """A dataset of drawn pictures with an index and exact labels.

    Attributes:
        dataset: the dataset
        pictures: its ``n`` pictures, in its order
        ids: their ids
        vectors: ``(n, dim)`` float32 unit vectors, as the index has them
    """

    dataset: fo.Dataset
    pictures: list[PictureFile]
    ids: list[str]
    vectors: np.ndarray

    @classmethod
    def open(cls, name: str, folder: str) -> Book:
        """Opens what :func:`make_book` made."""
        _register()
        _remember_words(get_embedder(MODEL_NAME))
        dataset = fo.load_dataset(name)
        _, pictures = load_pictures(Path(folder) / LABELS_FILE)
        ids, paths = dataset.values(["id", "filepath"])
        by_file = {one.filename: one for one in pictures}
        vectors = unit(load_index(dataset, KEY).vectors_of(ids))
        return cls(dataset, [by_file[Path(path).name] for path in paths], ids, vectors)

    @cached_property
    def place(self) -> dict[str, int]:
        """The place of each id."""
        return {one: i for i, one in enumerate(self.ids)}

    def right(self, is_true_of: Callable[[Labeled], bool]) -> np.ndarray:
        """``(n,)`` bool: which pictures are right."""
        return np.array([is_true_of(one) for one in self.pictures])

    def has(self, kind: str, color: str | None = None) -> np.ndarray:
        """``(n,)`` bool: which pictures have a thing of a kind, and a colour."""
        return self.right(
            lambda picture: any(
                thing.kind == kind and color in (None, thing.color) for thing in picture.things
            )
        )

    def scene(self, scene: str) -> np.ndarray:
        """``(n,)`` bool: which pictures are of a scene."""
        return self.right(lambda picture: picture.scene == scene)

    def search(
        self, query: Any, k: int = K, within: foc.SampleCollection | None = None, **options: Any
    ) -> Neighbors:
        """The public search, in the book or in a view of it."""
        samples = self.dataset if within is None else within
        return fiftyone_faiss.search(samples, query, brain_key=KEY, k=k, **options)

    def places(self, ids: Sequence[str]) -> np.ndarray:
        """``(len(ids),)`` int64 places of ids."""
        return np.array([self.place[one] for one in ids], np.int64)

    def find(self, query: Any, k: int = K, **options: Any) -> np.ndarray:
        """The places of what the public search finds, best first."""
        return self.places(self.search(query, k, **options).ids)

    def words(self, *texts: str) -> np.ndarray:
        """``(len(texts), dim)`` float32 unit vectors."""
        return get_embedder(MODEL_NAME).embed_texts(list(texts))

    def image(self, image: Image.Image) -> np.ndarray:
        """The ``(dim,)`` float32 unit vector of an image."""
        return get_embedder(MODEL_NAME).embed_image(image)


def _register() -> None:
    register_zoo_model(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))


def _remember_words(embedder: Embedder) -> None:
    """Embeds the same words once: the same queries are asked of many ways and constants."""
    embed = embedder.embed_texts
    known: dict[tuple[str, ...], np.ndarray] = {}

    def remembered(texts: Sequence[str]) -> np.ndarray:
        key = tuple(texts)
        if key not in known:
            known[key] = embed(texts)
        return known[key].copy()

    embedder.embed_texts = remembered  # type: ignore[method-assign]


def make_book(name: str, folder: str, n: int, seed: int) -> dict[str, Any]:
    """Draws a book, or takes the one that was drawn before, and indexes it."""
    _register()
    dataset = create_dataset(name, Path(folder), n, seed)
    report = fiftyone_faiss.build_index(dataset, KEY, model=MODEL_NAME)
    copies = sum(value is not None for value in dataset.values("near_duplicate_of"))
    return {
        "pictures": len(dataset),
        "near_copies": copies,
        "model": MODEL_NAME,
        "report": str(report),
    }


def asked(
    book: Book, least: int = LEAST_RIGHT, each: int | None = EACH
) -> list[tuple[PhraseQuery, np.ndarray]]:
    """The demo's queries with so many right pictures, with which those are.

    Args:
        book: the book
        least: how many right pictures a query has at least
        each: how many queries of a family at most, drawn at random; None for all
    """
    families: dict[str, list[tuple[PhraseQuery, np.ndarray]]] = {}
    for query in queries():
        right = book.right(query.is_true_of)
        if right.sum() >= least:
            families.setdefault(query.family, []).append((query, right))
    return [one for family in families.values() for one in some_of(family, each)]


def some_of(things: list[T], most: int | None) -> list[T]:
    """So many of some things at most, always the same, in their order."""
    if most is None or len(things) <= most:
        return things
    chosen = np.random.default_rng(0).choice(len(things), most, replace=False)
    return [things[i] for i in sorted(chosen)]


def one_thing(rng: np.random.Generator, kind: str, not_in: str) -> Image.Image:
    """A picture that is not in the book: a thing of a kind in any scene but one."""
    scene = str(rng.choice([one for one in SCENE_NAMES if one != not_in]))
    return draw_picture(rng, 1, scene, ((kind, str(rng.choice(COLOR_NAMES))),)).image


@contextmanager
def constant(module: ModuleType, name: str, value: float) -> Iterator[None]:
    """Another value for one of the search's constants, while it is measured."""
    usual = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, usual)


# -- scores --------------------------------------------------------------------------------------


def ranked(scores: np.ndarray) -> np.ndarray:
    """Places by descending score, ties by place."""
    return np.argsort(-scores, kind="stable")


def precision(right: np.ndarray, found: np.ndarray, k: int = K) -> float:
    """The share of the first ``k`` found that is right, 0 to 1; missing ones count as wrong."""
    return float(right[found[:k]].sum() / k)


def ndcg(right: np.ndarray, found: np.ndarray, k: int = K) -> float:
    """Normalised discounted cumulated gain of the first ``k`` found, 0 to 1.

    ``sum(right_i / log2(i + 1))`` over the ranks ``i`` from 1, divided by what it is if all that
    is right comes first (Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR
    techniques", 2002; a result is right or it is not).
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    gains = right[found[:k]]
    best = discounts[: min(k, int(right.sum()))].sum()
    return float(gains @ discounts[: len(gains)] / best) if best else 0.0


def r_precision(right: np.ndarray, found: np.ndarray) -> float:
    """The share of right ones among the first ``R`` found, where ``R`` are right, 0 to 1."""
    return precision(right, found, int(right.sum()))


def mean(values: Sequence[float | None]) -> float | None:
    """The mean of what is there, None of nothing."""
    known = [one for one in values if one is not None]
    return round(float(np.mean(known)), 4) if known else None


def table(
    title: str,
    corner: str,
    rows: dict[str, dict[str, Any]],
    now: str | None = None,
    by: str | None = None,
    why: str = "",
    bound: str | None = None,
) -> dict[str, Any]:
    """A table of a section.

    Args:
        title: its title
        corner: what its rows are
        rows: numbers by row and column
        now (None): the row that is the default
        by (None): the column to compare rows by, higher is better
        why (""): sentences to put under it
        bound (None): a row that nothing can be better than, and that is no choice
    """
    return {
        "title": title,
        "corner": corner,
        "rows": rows,
        "now": now,
        "by": by,
        "why": why,
        "bound": bound,
    }

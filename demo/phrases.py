"""Captions of pictures, and queries that know which pictures they are true of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol

import numpy as np

from fiftyone_faiss.demo.scenes import SCENES
from fiftyone_faiss.demo.world import COLOR_NAMES, KINDS, SCENE_NAMES, Thing


class Labeled(Protocol):
    """A picture or a file of a picture: anything with a scene and things."""

    @property
    def scene(self) -> str: ...
    @property
    def things(self) -> tuple[Thing, ...]: ...


@dataclass(frozen=True)
class PhraseQuery:
    """A query of one of the families of the grammar.

    Attributes:
        family: for example ``"a {color} {object}"``
        text: the text of the query
        is_true_of: returns whether a picture matches the query
    """

    family: str
    text: str
    is_true_of: Callable[[Labeled], bool]


def article(word: str) -> str:
    """Returns ``word`` with its indefinite article."""
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def describe(thing: Thing) -> str:
    """Describes a thing, for example ``"a red car"``; a person wears the color."""
    if thing.kind == "person":
        return f"a person in {thing.color}"
    return f"{article(thing.color)} {thing.kind}"


def relation(first: Thing, second: Thing) -> str:
    """Describes where the first thing is, relative to the second."""
    dx = first.box[0] + first.box[2] / 2 - second.box[0] - second.box[2] / 2
    dy = first.box[1] + first.box[3] / 2 - second.box[1] - second.box[3] / 2
    if abs(dx) >= abs(dy):
        return "left of" if dx < 0 else "right of"
    return "above" if dy < 0 else "below"


def caption(picture: Labeled) -> str:
    """Describes a picture, for example ``"a red car left of a white dog on the highway"``."""
    first, *others = picture.things
    parts = [describe(first)]
    if others:
        parts += [relation(first, others[0]), describe(others[0])]
    if len(others) > 1:
        parts += ["and", describe(others[1])]
    return " ".join([*parts, SCENES[picture.scene]])


def queries() -> list[PhraseQuery]:
    """Returns all queries of the three families that measure the model."""
    phrases = [PhraseQuery("a {object}", article(kind), _has(kind)) for kind in KINDS]
    phrases += [
        PhraseQuery("a {color} {object}", f"{article(color)} {kind}", _has(kind, color))
        for kind, color in product(KINDS, COLOR_NAMES)
    ]
    phrases += [
        PhraseQuery(
            "a {object} {scene}", f"{article(kind)} {SCENES[scene]}", _has(kind, None, scene)
        )
        for kind, scene in product(KINDS, SCENE_NAMES)
    ]
    return phrases


def _has(
    kind: str, color: str | None = None, scene: str | None = None
) -> Callable[[Labeled], bool]:
    def is_true_of(picture: Labeled) -> bool:
        return scene in (None, picture.scene) and any(
            thing.kind == kind and color in (None, thing.color) for thing in picture.things
        )

    return is_true_of


# -- labels as bits, for training ---------------------------------------------------------------

N_KINDS, N_COLORS, N_SCENES = len(KINDS), len(COLOR_NAMES), len(SCENE_NAMES)
N_BITS = N_KINDS + N_KINDS * N_COLORS + N_SCENES


def bits(picture: Labeled) -> np.ndarray:
    """Returns the kinds, the kinds with colors and the scene of a picture as ``(N_BITS,)`` bool."""
    out = np.zeros(N_BITS, bool)
    for thing in picture.things:
        kind = KINDS.index(thing.kind)
        out[kind] = out[_pair_bit(kind, COLOR_NAMES.index(thing.color))] = True
    out[_scene_bit(SCENE_NAMES.index(picture.scene))] = True
    return out


def _pair_bit(kind: int, color: int) -> int:
    return N_KINDS + kind * N_COLORS + color


def _scene_bit(scene: int) -> int:
    return N_KINDS + N_KINDS * N_COLORS + scene


def sample_queries(rng: np.random.Generator) -> tuple[list[str], list[tuple[int, ...]]]:
    """Draws queries in varied wording, each with the bits that a matching picture must have.

    The queries ask for each kind and each scene, half of the kinds with colors, and some kinds in
    scenes, kinds with colors in scenes, and pairs of things.
    """
    wanted: list[tuple[str, tuple[int, ...]]] = []
    for kind in range(N_KINDS):
        wanted.append((_kind_text(rng, kind), (kind,)))
        # All colors in one step would take too long.
        for color in rng.choice(N_COLORS, N_COLORS // 2, replace=False):
            wanted.append((_thing_text(rng, kind, int(color)), (_pair_bit(kind, int(color)),)))
    for scene in range(N_SCENES):
        wanted.append((_scene_text(rng, scene), (_scene_bit(scene),)))
    for place in rng.choice(N_KINDS * N_SCENES, 48, replace=False):
        kind, scene = divmod(int(place), N_SCENES)
        text = f"{_kind_text(rng, kind)} {_scene_text(rng, scene)}"
        wanted.append((text, (kind, _scene_bit(scene))))
    for _ in range(28):
        kind, color, scene = _random(rng)
        text = f"{_thing_text(rng, kind, color)} {_scene_text(rng, scene)}"
        wanted.append((text, (_pair_bit(kind, color), _scene_bit(scene))))
    for _ in range(28):
        wanted.append(_pair_query(rng))
    wanted.append(("a dog playing fetch", (KINDS.index("dog"), KINDS.index("ball"))))
    texts = [f"{_opening(rng)}{text}" for text, _ in wanted]
    return texts, [needs for _, needs in wanted]


def _random(rng: np.random.Generator) -> tuple[int, int, int]:
    return int(rng.integers(N_KINDS)), int(rng.integers(N_COLORS)), int(rng.integers(N_SCENES))


def _pair_query(rng: np.random.Generator) -> tuple[str, tuple[int, ...]]:
    first, second = (int(kind) for kind in rng.choice(N_KINDS, 2, replace=False))
    join = _pick(rng, ("and", "with", "next to"))
    if rng.random() < 0.5:
        return f"{_kind_text(rng, first)} {join} {_kind_text(rng, second)}", (first, second)
    colors = rng.integers(N_COLORS, size=2)
    texts = [_thing_text(rng, k, int(c)) for k, c in zip((first, second), colors, strict=True)]
    needs = (_pair_bit(first, int(colors[0])), _pair_bit(second, int(colors[1])))
    return f"{texts[0]} {join} {texts[1]}", needs


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _opening(rng: np.random.Generator) -> str:
    return _pick(rng, ("", "", "", "", "a picture of ", "a photo of ", "there is ", "find "))


def _kind_text(rng: np.random.Generator, kind: int) -> str:
    name = KINDS[kind]
    return _pick(rng, (article(name), article(name), name, f"the {name}", f"{name}s"))


def _thing_text(rng: np.random.Generator, kind: int, color: int) -> str:
    name, shade = KINDS[kind], COLOR_NAMES[color]
    options = [f"{article(shade)} {name}"] * 3 + [
        f"{shade} {name}",
        f"{article(name)} that is {shade}",
    ]
    if name == "person":
        options += [f"a person in {shade}", f"someone wearing {shade}"]
    return _pick(rng, options)


def _scene_text(rng: np.random.Generator, scene: int) -> str:
    name = SCENE_NAMES[scene]
    phrase = SCENES[name]
    return _pick(rng, (phrase, phrase, phrase, f"in a {name}", name))

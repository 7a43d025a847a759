"""What people say about pictures: captions, and queries with the pictures they are true of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol

import numpy as np

from fiftyone_faiss.demo.scenes import SCENES
from fiftyone_faiss.demo.world import COLOR_NAMES, KINDS, SCENE_NAMES, Thing


class Labelled(Protocol):
    """Anything with a scene and things: a picture, or a file of one."""

    @property
    def scene(self) -> str: ...
    @property
    def things(self) -> tuple[Thing, ...]: ...


@dataclass(frozen=True)
class PhraseQuery:
    """A query of one of the families of the grammar.

    Attributes:
        family: such as ``"a {colour} {object}"``
        text: what a person would type
        is_true_of: tells whether a picture is a right answer
    """

    family: str
    text: str
    is_true_of: Callable[[Labelled], bool]


def article(word: str) -> str:
    """``word`` with its indefinite article."""
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def describe(thing: Thing) -> str:
    """``"a red car"``; a person wears the colour."""
    if thing.kind == "person":
        return f"a person in {thing.color}"
    return f"{article(thing.color)} {thing.kind}"


def relation(first: Thing, second: Thing) -> str:
    """Where the first thing is, seen from the second."""
    dx = first.box[0] + first.box[2] / 2 - second.box[0] - second.box[2] / 2
    dy = first.box[1] + first.box[3] / 2 - second.box[1] - second.box[3] / 2
    if abs(dx) >= abs(dy):
        return "left of" if dx < 0 else "right of"
    return "above" if dy < 0 else "below"


def caption(picture: Labelled) -> str:
    """A sentence such as ``"a red car left of a white dog on the highway"``."""
    first, *others = picture.things
    words = [describe(first)]
    if others:
        words += [relation(first, others[0]), describe(others[0])]
    if len(others) > 1:
        words += ["and", describe(others[1])]
    return " ".join([*words, SCENES[picture.scene]])


def queries() -> list[PhraseQuery]:
    """All queries of the three families that the model is measured by."""
    found = [PhraseQuery("a {object}", article(kind), _has(kind)) for kind in KINDS]
    found += [
        PhraseQuery("a {colour} {object}", f"{article(color)} {kind}", _has(kind, color))
        for kind, color in product(KINDS, COLOR_NAMES)
    ]
    found += [
        PhraseQuery(
            "a {object} {scene}", f"{article(kind)} {SCENES[scene]}", _has(kind, None, scene)
        )
        for kind, scene in product(KINDS, SCENE_NAMES)
    ]
    return found


def _has(
    kind: str, color: str | None = None, scene: str | None = None
) -> Callable[[Labelled], bool]:
    def is_true_of(picture: Labelled) -> bool:
        return scene in (None, picture.scene) and any(
            thing.kind == kind and color in (None, thing.color) for thing in picture.things
        )

    return is_true_of


# -- the same as bits, for training ------------------------------------------------------------

N_KINDS, N_COLORS, N_SCENES = len(KINDS), len(COLOR_NAMES), len(SCENE_NAMES)
N_BITS = N_KINDS + N_KINDS * N_COLORS + N_SCENES


def bits(picture: Labelled) -> np.ndarray:
    """What is in a picture, as ``(N_BITS,)`` bool: kinds, kinds with colours, scene."""
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
    """Queries in varied wording, each with the bits that it is true of together.

    Every kind and scene, half of the kinds with colours, some of the kinds in scenes, of all
    three, and of pairs of things.
    """
    wanted: list[tuple[str, tuple[int, ...]]] = []
    for kind in range(N_KINDS):
        wanted.append((_kind_words(rng, kind), (kind,)))
        # Half of the colours a step, the other half in some other step.
        for color in rng.choice(N_COLORS, N_COLORS // 2, replace=False):
            wanted.append((_thing_words(rng, kind, int(color)), (_pair_bit(kind, int(color)),)))
    for scene in range(N_SCENES):
        wanted.append((_scene_words(rng, scene), (_scene_bit(scene),)))
    for one in rng.choice(N_KINDS * N_SCENES, 48, replace=False):
        kind, scene = divmod(int(one), N_SCENES)
        words = f"{_kind_words(rng, kind)} {_scene_words(rng, scene)}"
        wanted.append((words, (kind, _scene_bit(scene))))
    for _ in range(28):
        kind, color, scene = _random(rng)
        words = f"{_thing_words(rng, kind, color)} {_scene_words(rng, scene)}"
        wanted.append((words, (_pair_bit(kind, color), _scene_bit(scene))))
    for _ in range(28):
        wanted.append(_pair_query(rng))
    wanted.append(("a dog playing fetch", (KINDS.index("dog"), KINDS.index("ball"))))
    texts = [f"{_opening(rng)}{text}" for text, _ in wanted]
    return texts, [needs for _, needs in wanted]


def _random(rng: np.random.Generator) -> tuple[int, int, int]:
    return int(rng.integers(N_KINDS)), int(rng.integers(N_COLORS)), int(rng.integers(N_SCENES))


def _pair_query(rng: np.random.Generator) -> tuple[str, tuple[int, ...]]:
    first, second = (int(one) for one in rng.choice(N_KINDS, 2, replace=False))
    join = _pick(rng, ("and", "with", "next to"))
    if rng.random() < 0.5:
        return f"{_kind_words(rng, first)} {join} {_kind_words(rng, second)}", (first, second)
    colors = rng.integers(N_COLORS, size=2)
    words = [_thing_words(rng, k, int(c)) for k, c in zip((first, second), colors, strict=True)]
    needs = (_pair_bit(first, int(colors[0])), _pair_bit(second, int(colors[1])))
    return f"{words[0]} {join} {words[1]}", needs


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _opening(rng: np.random.Generator) -> str:
    return _pick(rng, ("", "", "", "", "a picture of ", "a photo of ", "there is ", "find "))


def _kind_words(rng: np.random.Generator, kind: int) -> str:
    name = KINDS[kind]
    return _pick(rng, (article(name), article(name), name, f"the {name}", f"{name}s"))


def _thing_words(rng: np.random.Generator, kind: int, color: int) -> str:
    name, shade = KINDS[kind], COLOR_NAMES[color]
    options = [f"{article(shade)} {name}"] * 3 + [
        f"{shade} {name}",
        f"{article(name)} that is {shade}",
    ]
    if name == "person":
        options += [f"a person in {shade}", f"someone wearing {shade}"]
    return _pick(rng, options)


def _scene_words(rng: np.random.Generator, scene: int) -> str:
    name = SCENE_NAMES[scene]
    phrase = SCENES[name]
    return _pick(rng, (phrase, phrase, phrase, f"in a {name}", name))

"""Paths of files that are below another folder now, as on another machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fiftyone_faiss.brain.transfer.row_keys import CONTENT_HASH


def moved_paths(
    wanted: Sequence[str | None], offered: Sequence[str], path: Path
) -> tuple[Sequence[str | None], tuple[str, ...]]:
    """Replaces the folder that all wanted paths share by the one where most of them are offered.

    Paths stay as they are if some of them are offered as they are.

    Raises:
        ValueError: if two folders fit equally well
    """
    known = {value for value in wanted if value is not None}
    if not known or not known.isdisjoint(offered):
        return wanted, ()
    parts = {value: value.replace("\\", "/").split("/") for value in known}
    shared = _shared_folders([split[:-1] for split in parts.values()])
    ends = {value: "/".join(split[shared:]) for value, split in parts.items()}
    roots = _roots({*ends.values()}, offered)
    if not roots:
        return wanted, ()
    (root, count), *others = roots.most_common(2)
    if others and others[0][1] == count:
        raise ValueError(
            f"The paths of {path} fit equally well below {root} and below {others[0][0]}; pass a "
            f"view of the right samples, or match='{CONTENT_HASH}'."
        )
    old = "/".join(next(iter(parts.values()))[:shared])
    moved = [None if value is None else f"{root}/{ends[value]}" for value in wanted]
    return moved, (f"Files below {old or '/'} were matched with those below {root}.",)


def _shared_folders(folders: list[list[str]]) -> int:
    """Returns how many names all folders begin with."""
    # All others are between these two.
    first, last = min(folders), max(folders)
    equal = [a == b for a, b in zip(first, last, strict=False)]
    return equal.index(False) if False in equal else len(equal)


def _roots(ends: set[str], offered: Sequence[str]) -> Counter[str]:
    """Counts, for each folder, the offered files that have one of these paths below it."""
    lengths = sorted({end.count("/") + 1 for end in ends})
    roots: Counter[str] = Counter()
    for value in offered:
        split = value.split("/")
        for length in lengths:
            if length < len(split) and "/".join(split[-length:]) in ends:
                roots["/".join(split[:-length])] += 1
    return roots

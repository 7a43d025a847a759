"""Manifests with a right checksum and wrong contents."""

from __future__ import annotations

import copy
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from support.stored_format import read_manifest, write_manifest

VALUES: list[Any] = [
    None, True, False, -1, 0, 1, 7, 2**31, 2**63, 10**30, 0.5, -1e300, float("nan"), float("inf"),
    "", "x", "../manifest.json", "\0", "\ud800", "a" * 5_000, [], [1], [[]], {}, {"a": {}},
]  # fmt: skip
BODIES = [b"", b"null", b"[" * 50_000, b"{" * 50_000, b'{"a":' * 20_000, b"\xff\xfe", b"1e999"]
ROWS: list[list[int]] = [[-1], [0, 0], [5, 4], [10**9], [-(2**63)], [3, 3, 3], [2**63 - 1]]


def nested(levels: int) -> Any:
    """A list in a list, and so on."""
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def places(values: Any) -> list[tuple[Any, Any]]:
    """Every object or list in a document, with each of its keys or positions."""
    keys = list(values) if isinstance(values, dict) else range(len(values))
    own = [(values, key) for key in keys]
    children = [values[key] for key in keys if isinstance(values[key], dict | list)]
    return own + [place for child in children for place in places(child)]


def write_hostile(folder: Path, rng: np.random.Generator) -> str:
    """Changes a manifest in one way, and returns a description."""
    original = read_manifest(folder)
    values = copy.deepcopy(original)
    choices = places(values)
    parent, key = choices[rng.integers(len(choices))]
    kind = rng.choice(["value", "remove", "add", "deep", "deleted rows", "body"])
    description = f"{kind} at {key}"
    if kind == "value":
        parent[key] = VALUES[rng.integers(len(VALUES))]
        description += f": {parent[key]!r:.40}"
    elif kind == "remove":
        del parent[key]
    elif kind == "add" and isinstance(parent, dict):
        parent["unknown"] = VALUES[rng.integers(len(VALUES))]
    elif kind == "deep":
        parent[key] = nested(int(rng.integers(1, 400)))
    elif kind == "deleted rows":
        rows = ROWS[rng.integers(len(ROWS))]
        data = np.array(rows, np.int64).tobytes()[: int(rng.integers(1, 100))]
        (folder / values["deleted"]["name"]).write_bytes(data)
        values["deleted"].update(bytes=len(data), checksum=zlib.crc32(data))
        description = f"deleted rows {rows}"
    elif kind == "body":
        write_manifest(folder, BODIES[rng.integers(len(BODIES))])
        return "another body"
    write_manifest(folder, values)
    return description

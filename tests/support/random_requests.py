"""Random parameters: valid ones, of which some values are replaced by any values of JSON."""

from __future__ import annotations

import base64
import io
from random import Random
from typing import Any

from bson import ObjectId
from PIL import Image

# What a message may have at most.
MAX_MESSAGE = 300


def upload() -> dict[str, Any]:
    """An uploaded image."""
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 20, 20)).save(stream, "PNG")
    content = base64.b64encode(stream.getvalue()).decode()
    return {"name": "red.png", "type": "image/png", "size": 80, "content": content}


def nested(levels: int, kind: str) -> Any:
    """A list, or an object, in others."""
    value: Any = 1
    for _ in range(levels):
        value = [value] if kind == "list" else {"a": value}
    return value


def any_value(random: Random) -> Any:
    """A value of JSON of any type, also a large or a deep one."""
    texts = ["", " ", "a", "red car", "é" * 5, "AAAA", "ÄÖ==", "x" * 10_000, "\0\1", "\ud800",
             "=1", "<img src=x onerror=alert(1)>", "9" * 400, "nan", "-inf", "None"]  # fmt: skip
    choices = [
        lambda: None,
        lambda: random.choice([True, False]),
        lambda: random.choice([0, 1, -1, 25, 10**9 + 1, -(10**30), 10**400]),
        lambda: random.choice([0.5, -0.0, 1e308, float("nan"), float("inf")]),
        lambda: random.choice(texts),
        lambda: [any_value(random) for _ in range(random.randint(0, 3))],
        lambda: {random.choice(texts): any_value(random) for _ in range(random.randint(0, 2))},
        lambda: nested(900, random.choice(["list", "object"])),
        lambda: str(ObjectId()),
        lambda: [str(ObjectId()), any_value(random)],
    ]
    return random.choice(choices)()


def valid_request(random: Random) -> dict[str, Any]:
    """The parameters of a valid search."""
    ids = [str(ObjectId()) for _ in range(3)]
    kinds: list[dict[str, Any]] = [
        {"query": "a red car - 2: snow"},
        {"query_type": "text", "query": "@upload", "uploads": {"upload": upload()}},
        {"query": "@selected + a dog", "selected": ids[:1], "alt": ids[1:]},
        {"query": f"@{ids[0]}"},
        {"query_type": "samples", "sample_ids": ids},
        {"query_type": "image", "image": upload()},
    ]
    options = {
        "brain_key": random.choice(["clip", None]),
        "k": random.choice(["25", 3, 4.0]),
        "reverse": random.choice([True, False, None]),
        "skip": random.choice([0, "50"]),
        "thresh": random.choice([None, "", 0.5, "0.7", "inf"]),
        "templates": random.choice(["off", "single", "ensemble", None]),
        "diversity": random.choice([0, 0.5, "1", ""]),
        "collapse": random.choice([True, False, 0.1, ""]),
        "hubness": random.choice([True, False]),
        "liked": [str(ObjectId())],
        "disliked": [str(ObjectId())],
        "scope": random.choice(["dataset", "view", "saved:beach"]),
    }
    chosen = random.sample(sorted(options), random.randint(0, len(options)))
    return {**random.choice(kinds), **{name: options[name] for name in chosen}}


def damaged(random: Random, params: dict[str, Any]) -> dict[str, Any]:
    """Parameters of which some values, or values within them, are any values."""
    changed = dict(params)
    for name in random.sample(sorted(changed), random.randint(1, min(3, len(changed)))):
        value = changed[name]
        if isinstance(value, dict) and value and random.random() < 0.7:
            changed[name] = damaged(random, value)
        elif isinstance(value, list) and value and random.random() < 0.5:
            changed[name] = [*value, any_value(random)]
        else:
            changed[name] = any_value(random)
    return changed

"""The panel's methods, called with a context that has real attributes."""

from __future__ import annotations

import base64
import io
import json
import time
from types import SimpleNamespace
from typing import Any, get_type_hints

import fiftyone as fo
from PIL import Image

from fiftyone_faiss.panels import PANELS, messages
from fiftyone_faiss.panels.base import methods_of
from support.typed_dicts import check_type


class Calls:
    """Records what is asked of the App."""

    def __init__(self) -> None:
        self.made: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: self.made.append((name, args[0] if args else kwargs))


class Context(SimpleNamespace):
    """The attributes of FiftyOne's context that the panel's methods read."""

    def __init__(self, dataset: fo.Dataset, /, **params: Any) -> None:
        super().__init__(
            dataset=dataset,
            view=dataset.view(),
            params=params,
            ops=Calls(),
            panel=Calls(),
            panel_id="panel",
            request_params={},
        )


def call(method: str, ctx: Context) -> dict[str, Any]:
    """The answer of a method; fails unless it has the type that the page expects."""
    panel = next(panel for panel in PANELS if method in methods_of(panel))
    answer = getattr(panel(), method)(ctx)
    # What the page gets is JSON.
    read = json.loads(json.dumps(answer))
    if read.get("error") and "terms" not in read:
        check_type(read, messages.Failure)
    else:
        hints = get_type_hints(methods_of(panel)[method], include_extras=True)
        check_type(read, hints["return"])
    return read


def answer_of(method: str, ctx: Context) -> dict[str, Any]:
    """The answer of a method, which is no error."""
    answer = call(method, ctx)
    assert not answer.get("error"), answer
    return answer


def upload(color: tuple[int, int, int]) -> dict[str, str]:
    """An uploaded image of one color."""
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(stream, "PNG")
    return {"name": "color.png", "content": base64.b64encode(stream.getvalue()).decode()}


def searches_of(dataset: fo.Dataset) -> list[dict[str, Any]]:
    """The history of a dataset, as the page lists it."""
    return answer_of("history", Context(dataset))["searches"]


def ended(dataset: fo.Dataset, job: dict[str, Any]) -> dict[str, Any]:
    """A job once it has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        jobs = answer_of("jobs", Context(dataset))["jobs"]
        now = next(listed for listed in jobs if listed["id"] == job["id"])
        if now["state"] != "running":
            return now
        time.sleep(0.02)
    raise AssertionError(f"{job} did not end")

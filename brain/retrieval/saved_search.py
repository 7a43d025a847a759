"""A search of a dataset's history: a value, and the text that is stored of it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timezone
from typing import Any

from fiftyone_faiss.brain.retrieval.request import lasting_params

MAX_NAME_LENGTH = 100
# Characters of JSON: some 3,700 ids of samples. A list of the searches holds all of this.
MAX_PARAMS_LENGTH = 100_000


@dataclass(frozen=True)
class SavedSearch:
    """A search of a dataset's history.

    Attributes:
        id: what it is called by; it stays when the search is edited
        name: the name that somebody gave it, 1 to 100 characters, or None
        pinned: whether it is kept, and listed first
        params: the parameters to search with again, JSON values
        used_at: when it was last searched, ISO 8601, UTC
        uses: how often it was searched, at least 1
    """

    id: str
    name: str | None
    pinned: bool
    params: dict[str, Any]
    used_at: str
    uses: int

    @classmethod
    def once(cls, params: dict[str, Any]) -> SavedSearch:
        """A search with checked parameters that is made now, for the first time."""
        return cls(uuid.uuid4().hex[:16], None, False, params, _now(), 1)

    @classmethod
    def from_text(cls, text: str) -> SavedSearch:
        """Reads what is stored of a search; what a newer version adds to it is left out."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})

    def to_text(self) -> str:
        """What is stored of it."""
        return json.dumps(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)

    @property
    def is_kept(self) -> bool:
        """Whether it stays until somebody deletes it, for it is pinned or has a name."""
        return self.pinned or self.name is not None

    @property
    def key(self) -> str:
        """A hash of its parameters, under which it is stored."""
        return hashlib.sha256(_canonical(self.params).encode()).hexdigest()

    def merged(self, other: SavedSearch) -> SavedSearch:
        """This search and another as one, with the uses of both."""
        return replace(
            self,
            name=self.name or other.name,
            pinned=self.pinned or other.pinned,
            used_at=max(self.used_at, other.used_at),
            uses=self.uses + other.uses,
        )


def checked_name(name: str) -> str:
    """A name as it is stored.

    Raises:
        ValueError: if it is empty or too long
    """
    name = " ".join(name.split())
    if not name:
        raise ValueError("The name is empty; give a word, such as 'red cars'.")
    if len(name) > MAX_NAME_LENGTH:
        raise ValueError(
            f"The name has {len(name):,} characters; shorten it to {MAX_NAME_LENGTH} or fewer."
        )
    return name


def checked_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as they are stored: those that make the search.

    Raises:
        ValueError: if they hold an uploaded image, are bad, too large or no JSON values
    """
    if _has_upload(params):
        raise ValueError(
            "A search by an uploaded image cannot be kept, for the image is in no dataset; search "
            "by words, or by samples, to keep the search."
        )
    lasting = lasting_params(params)
    try:
        text = _canonical(lasting)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The search's parameters cannot be kept, for they are no JSON values: {error}."
        ) from error
    if len(text) > MAX_PARAMS_LENGTH:
        raise ValueError(
            f"The search's parameters are {len(text):,} characters long, and {MAX_PARAMS_LENGTH:,} "
            "can be kept; search by fewer samples."
        )
    kept: dict[str, Any] = json.loads(text)
    return kept


def _has_upload(value: Any) -> bool:
    """Whether there is an ``{"content": <base64>, ...}`` in it, at whatever depth."""
    if isinstance(value, Mapping):
        return bool(value.get("content")) or any(map(_has_upload, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_has_upload, value))


def _canonical(params: Mapping[str, Any]) -> str:
    return json.dumps(params, sort_keys=True, allow_nan=False)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")

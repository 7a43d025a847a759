"""A saved search, and the text that is stored for it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timezone
from typing import Any

from fiftyone_faiss.brain.core.params import read_text
from fiftyone_faiss.brain.retrieval.request import (
    SearchRequest,
    params_from_json,
    params_to_json,
)

MAX_NAME_LENGTH = 100
# Characters of JSON: some 3,700 ids of samples. A list of the searches holds all of this.
MAX_PARAMS_LENGTH = 100_000


@dataclass(frozen=True)
class SavedSearch:
    """A saved search of a dataset.

    Attributes:
        id: identifies it; it stays the same when the search is edited
        name: its name, 1 to 100 characters, or None
        pinned: whether it is listed first, and not removed when there are many searches
        params: the parameters to search with again, JSON values; see
            :meth:`SearchRequest.to_params`
        used_at: the time of the last search, ISO 8601, UTC
        uses: the number of searches with these parameters, at least 1
    """

    id: str
    name: str | None
    pinned: bool
    params: dict[str, Any]
    used_at: str
    uses: int

    @classmethod
    def once(cls, params: dict[str, Any]) -> SavedSearch:
        """A search with checked parameters that was used once, now."""
        return cls(uuid.uuid4().hex[:16], None, False, params, _now(), 1)

    @classmethod
    def from_text(cls, text: str) -> SavedSearch:
        """Reads a stored text; ignores keys that a newer version added."""
        stored = json.loads(text)
        values = {field.name: stored[field.name] for field in fields(cls)}
        return cls(**{**values, "params": params_from_json(values["params"])})

    def to_text(self) -> str:
        """The text to store. ``SearchRecords.remove_oldest`` depends on the order of its keys."""
        return json.dumps({**self.to_dict(), "params": params_to_json(self.params)})

    def to_dict(self) -> dict[str, Any]:
        """The attributes as JSON values."""
        return asdict(self)

    @property
    def is_kept(self) -> bool:
        """Whether it stays until somebody deletes it: it is pinned or has a name."""
        return self.pinned or self.name is not None

    @property
    def key(self) -> str:
        """The hash of its stored parameters, under which it is stored."""
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
        ValueError: if it is no text, empty or too long
    """
    name = " ".join(read_text("The name", name).split())
    if not name:
        raise ValueError("The name is empty; give a name, such as 'red cars'.")
    if len(name) > MAX_NAME_LENGTH:
        raise ValueError(
            f"The name has {len(name):,} characters; shorten it to {MAX_NAME_LENGTH} or fewer."
        )
    return name


def checked_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that make a search, as JSON values; see :meth:`SearchRequest.to_params`.

    Raises:
        ValueError: if they have an uploaded image, are not valid, too large or no JSON values
    """
    checked = SearchRequest.from_params(params).to_params()
    try:
        text = _canonical(checked)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The search cannot be saved, because its parameters are no JSON values: {error}."
        ) from error
    if len(text) > MAX_PARAMS_LENGTH:
        raise ValueError(
            f"The search cannot be saved, because its parameters have {len(text):,} characters, "
            f"more than {MAX_PARAMS_LENGTH:,}; search by fewer samples."
        )
    return checked


def _canonical(params: Mapping[str, Any]) -> str:
    return json.dumps(params_to_json(params), sort_keys=True, allow_nan=False)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")

"""The keys of rows: what tells which sample or label each vector of a file belongs to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blake3 import blake3

SAMPLE_ID, LABEL_ID, BOUNDING_BOX = "sample_id", "label_id", "bounding_box"
FILEPATH, CONTENT_HASH = "filepath", "content_hash"
COLUMNS = (SAMPLE_ID, LABEL_ID, BOUNDING_BOX, FILEPATH, CONTENT_HASH)
"""The names of the columns, which are a data format."""
_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class RowKeys:
    """The keys of the rows of a file.

    Attributes:
        columns: texts by the name of their column, ``n`` each, None where unknown. ``sample_id``
            and ``label_id`` are FiftyOne's ids, ``bounding_box`` is the box of the label (see
            :func:`box_text`), ``filepath`` is the path of the media file, and ``content_hash`` is
            the BLAKE3 hash of its bytes, 64 hexadecimal digits
    """

    columns: Mapping[str, Sequence[str | None]]

    def __len__(self) -> int:
        return max(map(len, self.columns.values()), default=0)

    def digest(self) -> str:
        """Returns a hash of all keys, 64 hexadecimal digits."""
        hasher = blake3()
        for name in COLUMNS:
            if name in self.columns:
                hasher.update(f"{name}\n".encode())
                values = self.columns[name]
                for start in range(0, len(values), _ROWS_AT_ONCE):
                    rows = list(values[start : start + _ROWS_AT_ONCE])
                    hasher.update(json.dumps(rows).encode())
        return hasher.hexdigest()


def box_text(box: Sequence[float] | None) -> str | None:
    """Returns a box ``(x, y, width, height)``, 0 to 1, as four numbers with six decimals."""
    return None if box is None else " ".join(f"{value:.6f}" for value in box)

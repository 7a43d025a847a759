"""What a file of vectors says of the index that they came from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from blake3 import blake3

from fiftyone_faiss.brain.core.metrics import METRICS
from fiftyone_faiss.brain.store.json_fields import FieldError, Fields
from fiftyone_faiss.brain.store.manifest import DTYPES, shortened

FORMAT_VERSION = 1
METADATA_KEY = "fiftyone_faiss"
"""Where files keep their description: a key of the metadata, whose value is JSON."""


@dataclass(frozen=True)
class IndexDescription:
    """What a file says of its vectors, with the hashes that prove them.

    Attributes:
        count: the number of rows
        dim: the length of each vector
        dtype: the type of the stored numbers, ``"float32"`` or ``"float16"``
        keys_hash: see :meth:`RowKeys.digest`
        vectors_hash: see :class:`VectorHasher`
        metric: the metric of the index
        index_type: its index type
        model: the name of its model, None if the vectors were given
        supports_text: whether the model embeds texts
        fingerprint: the fingerprint of the model's weights, None if unknown
        precision: the precision that the model ran in, None if unknown
        patches_field: the field of the labels that the rows belong to, None for samples
        roi_field: the field of the regions whose mean each vector is, None for whole images
        alpha: by how much the boxes were widened, as a fraction of their size
        force_square: whether the boxes were extended to squares
        frames: the arguments of ``to_frames()``, None unless the rows are frames of videos
        brain_key: the key of the index
        dataset: the name of its dataset
    """

    count: int
    dim: int
    dtype: str
    keys_hash: str = ""
    vectors_hash: str = ""
    metric: str = "cosine"
    index_type: str = "auto"
    model: str | None = None
    supports_text: bool = False
    fingerprint: str | None = None
    precision: str | None = None
    patches_field: str | None = None
    roi_field: str | None = None
    alpha: float = 0.0
    force_square: bool = False
    frames: dict[str, Any] | None = None
    brain_key: str = ""
    dataset: str = ""

    def to_text(self) -> str:
        """Returns the stored form: JSON, whose keys are a data format, with a hash of itself."""
        return seal({"format_version": FORMAT_VERSION, **asdict(self)})

    @classmethod
    def from_text(cls, text: str | bytes, path: Path) -> IndexDescription:
        """Reads the stored form; unknown keys are ignored.

        Args:
            text: the stored form
            path: the file that it is in, for messages

        Raises:
            ValueError: if it is damaged, or of a newer format
        """
        try:
            values = json.loads(text)
            fields = Fields(values)
            version = fields.integer("format_version", minimum=1)
            if version <= FORMAT_VERSION:
                if json.loads(seal(values)) != values:
                    raise FieldError("the hash is not that of the other values")
                return cls(**_values(fields))
        except FieldError as error:
            raise damaged(path, f"in its description, {error}") from error
        except (ValueError, RecursionError) as error:
            raise damaged(path, "its description is not JSON") from error
        raise ValueError(
            f"{path} was written by a newer fiftyone-faiss (format {version}, this version reads "
            f"up to {FORMAT_VERSION}); upgrade fiftyone-faiss, or export it in an older format."
        )


def seal(values: dict[str, Any]) -> str:
    """Returns values as JSON, with their hash as another value."""
    body = {name: value for name, value in values.items() if name != "hash"}
    digest = blake3(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return json.dumps({**body, "hash": digest}, sort_keys=True)


def _values(fields: Fields) -> dict[str, Any]:
    texts = {name: fields.text(name) for name in ("keys_hash", "vectors_hash", "index_type")}
    optional_texts = {
        name: fields.optional(name, fields.text)
        for name in ("model", "fingerprint", "precision", "patches_field", "roi_field")
    }
    frames = fields.optional("frames", fields.values)
    return {
        **texts,
        **optional_texts,
        "count": fields.integer("count", minimum=1),
        "dim": fields.integer("dim", minimum=1),
        "dtype": fields.choice("dtype", DTYPES),
        "metric": fields.choice("metric", METRICS),
        "supports_text": fields.boolean("supports_text"),
        "alpha": fields.number("alpha"),
        "force_square": fields.boolean("force_square"),
        "frames": frames,
        "brain_key": fields.optional("brain_key", fields.text) or "",
        "dataset": fields.optional("dataset", fields.text) or "",
    }


def damaged(path: Path, reason: object) -> ValueError:
    """Creates the error for a file whose content is not what was exported.

    Args:
        path: the file
        reason: why, a clause without its full stop
    """
    clause = " ".join(shortened(reason).split()).rstrip(".").replace(". ", "; ")
    return ValueError(
        f"{path} is damaged ({clause}), so nothing was imported; copy or export it again."
    )

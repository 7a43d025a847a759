"""The results that Ray's workers send back: arrays and text, which are read without pickle.

Reading a pickle runs code. The workers unpickle only what this process sent to them, and this
process unpickles nothing that they return.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence

import numpy as np

from fiftyone_faiss.embedders.base import EmbedderError
from fiftyone_faiss.embedders.loop import EmbeddedBatch, Failure


def encode_result(result: Sequence[EmbeddedBatch] | EmbedderError) -> bytes:
    """Encodes the batches of a chunk, at least one, or the error that ended it."""
    stream = io.BytesIO()
    if isinstance(result, EmbedderError):
        np.savez(stream, error=np.array(str(result)))
        return stream.getvalue()
    failures = [(f.position, f.reason, f.is_empty_box) for batch in result for f in batch.failures]
    np.savez(
        stream,
        positions=np.concatenate([batch.positions for batch in result]),
        vectors=np.concatenate([batch.vectors for batch in result]),
        failures=np.array(json.dumps(failures)),
    )
    return stream.getvalue()


def decode_result(data: bytes) -> EmbeddedBatch:
    """Decodes what :func:`encode_result` returned, as one batch.

    Raises:
        EmbedderError: the error, if the chunk ended with one; or if the data is damaged, or a
            pickle
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            values = {name: arrays[name] for name in arrays.files}
        if "error" in values:
            raise EmbedderError(str(values["error"]))
        failures = json.loads(str(values["failures"]))
        return EmbeddedBatch(
            values["positions"].astype(np.int64),
            values["vectors"].astype(np.float32),
            tuple(
                Failure(int(at), str(reason), bool(is_empty)) for at, reason, is_empty in failures
            ),
        )
    except EmbedderError:
        raise
    except (ValueError, TypeError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise EmbedderError(
            "A worker of Ray sent a result that cannot be read; install the same version of "
            "fiftyone-faiss on every machine of the cluster."
        ) from error

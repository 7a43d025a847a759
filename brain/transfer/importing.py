"""Imports vectors from files into a new index: all that was asked for, or nothing."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.ann.factory import check_fits
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.data.connection import AGAIN, explain_outage_in_steps
from fiftyone_faiss.brain.data.database import check_exists
from fiftyone_faiss.brain.data.private import frames_options, holds_frames, root_dataset
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.indexing.key_names import check_free_key
from fiftyone_faiss.brain.models.catalog import is_at_hand, list_models
from fiftyone_faiss.brain.models.loading import (
    ModelLike,
    get_embedder,
    remember_object,
    stored_name,
)
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig
from fiftyone_faiss.brain.transfer.contents import Contents
from fiftyone_faiss.brain.transfer.description import IndexDescription, damaged
from fiftyone_faiss.brain.transfer.matching import describe_missing, match_steps
from fiftyone_faiss.brain.transfer.report import TransferReport, Verification
from fiftyone_faiss.brain.transfer.request import ImportRequest
from fiftyone_faiss.brain.transfer.row_keys import LABEL_ID
from fiftyone_faiss.brain.transfer.storing import store_steps


def import_index(
    samples: foc.SampleCollection,
    path: str | os.PathLike[str],
    brain_key: str,
    match: str = "id",
    *,
    progress: ProgressOption = None,
    **options: Any,
) -> TransferReport:
    """Imports vectors from a file into a new index.

    The file is checked before anything is stored, and the stored vectors are read again and
    compared. If the import fails or is stopped, there is no index. Nothing is unpickled, and of an
    archive only files with plain names are extracted.

    Args:
        samples: the dataset, or the view whose samples get vectors; for an index of frames, a view
            of frames
        path: a file that :func:`.exporting.export_index` or another program wrote
        brain_key: the key of the new index
        match ("id"): what tells which sample a vector belongs to: ``"id"``, ``"filepath"`` or
            ``"content_hash"``
        progress (None): whether to show a progress bar, or a callback
        **options: see :class:`.request.ImportRequest`

    Returns:
        a :class:`.report.TransferReport`

    Raises:
        ValueError: if the file is damaged, of a newer version, or has vectors of another dimension
            than the model; if ids are missing or repeated; or if the key is taken
    """
    request = ImportRequest(path, brain_key, match, **options)
    return run_steps(import_index_steps(samples, request), progress)


@explain_outage_in_steps(AGAIN)
def import_index_steps(
    samples: foc.SampleCollection, request: ImportRequest
) -> Steps[TransferReport]:
    """Does the work of :func:`import_index` in steps that can be tracked and canceled."""
    started = time.perf_counter()
    check_exists(samples)
    key = check_free_key(samples, "brain_key", request.brain_key, "imported")
    file = request.file
    if not file.is_file():
        raise ValueError(f"There is no file {file}; give the path of an exported file.")
    with request.file_format.read(file) as contents:
        description = _described(contents, request)
        config = _config(samples, description, request)
        check_fits(config.index_type, contents.dim, config.metric)
        matches = yield from match_steps(
            samples, contents.keys, description.patches_field, request.match, file
        )
        may_skip = request.allow_missing and len(matches.rows) > 0
        if len(matches.missing) and not may_skip:
            raise ValueError(describe_missing(matches, contents.keys, samples, file))
        stored = yield from store_steps(
            root_dataset(samples), key, config, contents, description, matches, file
        )
    return TransferReport(
        action="imported",
        brain_key=key,
        count=len(matches.rows),
        dim=contents.dim,
        verification=Verification(len(matches.rows), stored.max_difference),
        backend="faiss",
        path=str(file),
        format=request.format,
        skipped=_skipped(len(matches.missing)),
        seconds=time.perf_counter() - started,
        notes=[*matches.notes, *_notes(contents, config.model, matches.without_vector)],
    )


def _described(contents: Contents, request: ImportRequest) -> IndexDescription:
    """Returns what a file says of its rows, or what is known of a file of another program.

    Raises:
        ValueError: if its rows are not what was exported, it has none, or its vectors cannot be of
            the model
    """
    description, keys, path = contents.description, contents.keys, request.file
    patches_field = request.patches_field
    if any(len(column) != len(keys) for column in keys.columns.values()):
        raise damaged(path, "its columns of keys have different lengths")
    if description is None:
        if LABEL_ID in keys.columns and not patches_field:
            raise ValueError(
                f"{path} holds vectors of labels; give patches_field, the field of these labels."
            )
        if not contents.dim:
            raise ValueError(f"{path} has no vectors; there is nothing to import.")
        given = IndexDescription(len(keys), contents.dim, "float32", patches_field=patches_field)
        return _with_model(given, request.model, path)
    if contents.dim != description.dim:
        raise damaged(
            path, f"its vectors have {contents.dim} dimensions instead of {description.dim}"
        )
    if len(keys) != description.count or keys.digest() != description.keys_hash:
        raise damaged(path, "its ids are not those that were exported")
    named = replace(description, patches_field=patches_field or description.patches_field)
    return _with_model(named, request.model, path)


def _with_model(
    description: IndexDescription, model: ModelLike | None, path: Path
) -> IndexDescription:
    """Returns a description that names the model that is given.

    Raises:
        ValueError: if the vectors cannot be of the model, by their dimension or its weights
    """
    if model is None:
        known = (info.dim for info in list_models() if info.name == description.model)
        _check_dim(description, description.model, next(known, None), path)
        return description
    embedder = get_embedder(model, description.precision or "auto")
    _check_dim(description, embedder.name, embedder.dim, path)
    if description.fingerprint not in (None, embedder.fingerprint):
        raise ValueError(
            f"The vectors of {path} were made with other weights than those of '{embedder.name}'; "
            "give the model that made them."
        )
    remember_object(embedder)
    name = stored_name(embedder if isinstance(model, type) else model)
    return replace(description, model=name, supports_text=embedder.supports_text)


def _check_dim(
    description: IndexDescription, model: str | None, dim: int | None, path: Path
) -> None:
    if dim not in (None, description.dim):
        raise ValueError(
            f"The vectors of {path} have {description.dim} dimensions but the model '{model}' has "
            f"{dim}; give the model that made them."
        )


def _config(
    samples: foc.SampleCollection, description: IndexDescription, request: ImportRequest
) -> FaissSimilarityConfig:
    """Returns the configuration of the new index.

    Raises:
        ValueError: if a value is unknown, or the vectors are of frames and the samples are not
    """
    is_of_frames = holds_frames(samples)
    if description.frames is not None and not is_of_frames:
        raise ValueError(
            "The vectors belong to frames of videos; pass a view of them, such as "
            "fiftyone_faiss.video_frames(dataset)."
        )
    return FaissSimilarityConfig(
        metric=request.metric or description.metric,
        index_type=request.index_type or description.index_type,
        dtype=request.dtype or description.dtype,
        alpha=description.alpha,
        force_square=description.force_square,
        frames=frames_options(samples) if is_of_frames else None,
        root_dir=request.root_dir,
        model=description.model,
        patches_field=description.patches_field,
        roi_field=description.roi_field,
        supports_prompts=description.model is not None and description.supports_text,
    )


def _skipped(missing: int) -> dict[str, int]:
    return {"their samples are not in the dataset": missing} if missing else {}


def _notes(contents: Contents, model: str | None, without_vector: int) -> list[str]:
    notes = []
    if model is not None and not is_at_hand(model):
        notes.append(
            f"The model '{model}' is not on this machine yet; until it is, search by samples."
        )
    if without_vector:
        notes.append(f"{without_vector:,} samples or labels of the dataset have no vector.")
    if contents.description is None:
        notes.append("Another program wrote the file, so it has no hashes to check it with.")
    return notes

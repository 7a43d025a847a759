"""What to export and to import: the one place that checks what a person or a program passed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from fiftyone_faiss.brain.core.params import MAX_NAME, read_flag, read_text
from fiftyone_faiss.brain.models.loading import ModelLike
from fiftyone_faiss.brain.store.manifest import DTYPES
from fiftyone_faiss.brain.transfer.formats.registry import FileFormat, format_of
from fiftyone_faiss.brain.transfer.matching import IMPORT_MATCHES


@dataclass(frozen=True)
class ExportRequest:
    """What to export, and where to.

    Args:
        path: the file to write; its folder must exist, and ``~`` is the user's folder
        brain_key (None): the FAISS index; None for the only one
        format (None): ``"parquet"``, ``"arrow"``, ``"npy"``, ``"safetensors"`` or ``"archive"``, by
            default what the suffix says: ``.parquet``, ``.arrow``, ``.npy``, ``.safetensors`` or
            ``.zip``
        dtype (None): the type of the numbers, ``"float32"`` or ``"float16"``, by default that of
            the index
        content_hashes (False): whether to hash the media files, so that an import can match them
            by their contents; this reads all of them
        overwrite (False): whether to replace an existing file

    Raises:
        ValueError: if a value is not valid
    """

    path: str | os.PathLike[str]
    brain_key: str | None = None
    format: str | None = None
    dtype: str | None = None
    content_hashes: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        _normalize(
            self,
            brain_key=_name("brain_key", self.brain_key),
            dtype=_choice("dtype", self.dtype, DTYPES),
            content_hashes=read_flag("content_hashes", self.content_hashes),
            overwrite=read_flag("overwrite", self.overwrite),
            **_file(self.path, self.format),
        )

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> ExportRequest:
        """Makes a request of values that a form or a page sent; unknown names are ignored."""
        return cls(**{"path": None, **_known(cls, params)})

    @property
    def file(self) -> Path:
        """The file, as an absolute path."""
        return Path(self.path)

    @property
    def file_format(self) -> FileFormat:
        """The format of the file."""
        return format_of(self.file, self.format)


@dataclass(frozen=True)
class ImportRequest:
    """What to import, and how.

    Args:
        path: a file that ``export_index`` wrote, on this machine or another one; or one of another
            program, with vectors in ``embedding``, and ids in ``sample_id`` or ``label_id``, or
            paths in ``filepath``
        brain_key: the key of the new index
        match ("id"): what tells which sample a vector belongs to: ``"id"``, ``"filepath"`` (also
            if all files are below another folder now) or ``"content_hash"``, for which all media
            files are read
        format (None): see :class:`ExportRequest`
        allow_missing (False): whether to leave out vectors whose samples are not in the dataset
        model (None): the model of the vectors, by default the one that the file names
        metric (None): the metric, by default that of the exported index, else ``"cosine"``
        patches_field (None): the field of the labels that the vectors belong to, by default what
            the file says
        index_type (None): the index type, by default that of the exported index, else ``"auto"``
        dtype (None): how vectors are stored, by default as in the file
        root_dir (None): the folder in which to create the index's folder

    Raises:
        ValueError: if a value is not valid
    """

    path: str | os.PathLike[str]
    brain_key: str
    match: str = "id"
    format: str | None = None
    allow_missing: bool = False
    model: ModelLike | None = None
    metric: str | None = None
    patches_field: str | None = None
    index_type: str | None = None
    dtype: str | None = None
    root_dir: str | None = None

    def __post_init__(self) -> None:
        names = ("metric", "patches_field", "index_type", "dtype")
        _normalize(
            self,
            match=_choice("match", self.match, IMPORT_MATCHES) or "id",
            allow_missing=read_flag("allow_missing", self.allow_missing),
            model=None if self.model == "" else self.model,
            **{name: _name(name, getattr(self, name)) for name in names},
            **_file(self.path, self.format),
        )

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> ImportRequest:
        """Makes a request of values that a form or a page sent; unknown names are ignored."""
        return cls(**{"path": None, "brain_key": None, **_known(cls, params)})

    @property
    def file(self) -> Path:
        """The file, as an absolute path."""
        return Path(self.path)

    @property
    def file_format(self) -> FileFormat:
        """The format of the file."""
        return format_of(self.file, self.format)


def _file(path: Any, format: Any) -> dict[str, Any]:
    file = _read_path(path)
    return {"path": str(file), "format": format_of(file, format).name}


def _read_path(path: Any) -> Path:
    text = read_text("path", os.fspath(path) if isinstance(path, os.PathLike) else path).strip()
    if not text or "\0" in text:
        raise ValueError("Give path, the path of a file, such as 'clip.parquet'.")
    return Path(os.path.abspath(os.path.expanduser(text)))


def _name(name: str, value: Any) -> str | None:
    return read_text(name, value, MAX_NAME).strip() or None


def _choice(name: str, value: Any, choices: tuple[str, ...]) -> str | None:
    text = _name(name, value)
    if text is not None and text not in choices:
        raise ValueError(f"{name} is '{text}'; choose one of {', '.join(choices)}.")
    return text


def _known(cls: type[ExportRequest | ImportRequest], params: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(cls)}
    return {name: value for name, value in params.items() if name in names}


def _normalize(request: ExportRequest | ImportRequest, **values: Any) -> None:
    for name, value in values.items():
        object.__setattr__(request, name, value)

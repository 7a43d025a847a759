"""Parts of the forms that export indexes to files and import them."""

from __future__ import annotations

from pathlib import Path

import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss.brain.core.params import read_text

FORMATS = {
    "parquet": "Parquet",
    "arrow": "Arrow IPC",
    "npy": "NumPy, with a JSON file of ids beside it",
    "safetensors": "safetensors",
    "archive": "Archive of the whole index",
}
MATCHES = {
    "id": "Ids",
    "filepath": "Paths of the files, also below another folder",
    "content_hash": "Contents of the files, all of which are read",
}


def new_file(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Adds the file to export to, and what to write."""
    _choice(inputs, "format", FORMATS, "Format", "By default, what the suffix of the file says")
    exists = Path(_path(ctx)).expanduser().is_file()
    inputs.str(
        "path",
        required=True,
        label="File",
        description="On the machine of the App's server, such as ~/clip.parquet",
        invalid=exists and not ctx.params.get("overwrite"),
        error_message="This file exists already",
    )
    inputs.bool(
        "overwrite", default=False, label="Overwrite", description="Replaces an existing file"
    )
    inputs.enum(
        "dtype",
        ["float32", "float16"],
        label="Numbers",
        description="By default, as the index stores them; float16 takes half the space",
    )
    inputs.bool(
        "content_hashes",
        default=False,
        label="Hash the media files",
        description="So that an import can match them by their contents; reads all of them",
    )


def existing_file(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Adds the file to import, and what tells which samples its vectors belong to."""
    path = _path(ctx)
    inputs.str(
        "path",
        required=True,
        label="File",
        description="On the machine of the App's server",
        invalid=bool(path) and not Path(path).expanduser().is_file(),
        error_message="There is no such file",
    )
    _choice(inputs, "format", FORMATS, "Format", "By default, what the suffix of the file says")
    _choice(inputs, "match", MATCHES, "Match samples by", "", default="id")
    inputs.bool(
        "allow_missing",
        default=False,
        label="Leave out vectors without a sample",
        description="Otherwise, nothing is imported if a sample is missing",
    )


def new_index(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Adds the key of the new index, and its model."""
    key = read_text("brain_key", ctx.params.get("brain_key")).strip()
    is_taken = key in ctx.dataset.list_brain_runs()
    inputs.str(
        "brain_key",
        required=True,
        label="Brain key",
        description="The name of the new index",
        invalid=is_taken or bool(key and not key.isidentifier()),
        error_message="There is a run of this name already"
        if is_taken
        else "Use letters, digits and underscores, and start with a letter",
    )
    inputs.str(
        "model",
        label="Model",
        description="The model that made the vectors; by default, the one that the file names",
    )


def _path(ctx: foo.ExecutionContext) -> str:
    return read_text("path", ctx.params.get("path")).strip()


def _choice(
    inputs: types.Object,
    name: str,
    labels: dict[str, str],
    label: str,
    description: str,
    default: str | None = None,
) -> None:
    view = types.DropdownView()
    for value, text in labels.items():
        view.add_choice(value, label=text)
    inputs.enum(
        name, view.values(), view=view, label=label, description=description, default=default
    )

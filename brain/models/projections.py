"""Learned projections on disk: their weights, and their entries in FiftyOne's zoo.

A projection is a file in the zoo's folder, beside the manifest that registers the model "base +
projection". The name of that model ends with a fingerprint of the base model and of the weights, so
a name always stands for the same vectors, and a projection that is learned again has another one.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np

from fiftyone_faiss.brain.core.files import atomic_write, open_regular
from fiftyone_faiss.brain.models.zoo import model_folder, write_manifest, zoo_entry
from fiftyone_faiss.embedders import (
    Embedder,
    EmbedderError,
    ProjectedEmbedder,
    Projection,
    projected_fingerprint,
)

PROJECTED_MODEL = "fiftyone_faiss.brain.models.projected_model.ProjectedModel"
WEIGHTS_FILE = "projection.npz"
# Between the name of the base model and the fingerprint.
_MARK = "+projection-"
_DIGITS = 12


@dataclass(frozen=True)
class ProjectedEntry:
    """How a projected model is registered.

    Attributes:
        name: its name
        base: the name of the base model
        base_fingerprint: the fingerprint of the base model that it was learned with
    """

    name: str
    base: str
    base_fingerprint: str


def save_projection(base_name: str, base: Embedder, projection: Projection) -> str:
    """Saves the weights of a projection, and registers the projected model in FiftyOne's zoo.

    Args:
        base_name: the name of the base model, as indexes store it
        base: the base model
        projection: the projection

    Returns:
        the name of the projected model, which every process of this machine can load
    """
    digest = projected_fingerprint(base.fingerprint, projection)[:_DIGITS]
    name = f"{base_name}{_MARK}{digest}"
    folder = model_folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    # Weights first: a model is registered only once it can be loaded.
    with atomic_write(folder / WEIGHTS_FILE) as file:
        np.savez(
            file,
            left=projection.left,
            right=projection.right,
            scales_to_unit=np.array(projection.scales_to_unit),
        )
    config = {"name": name, "base": base_name, "base_fingerprint": base.fingerprint}
    write_manifest(
        folder,
        name,
        filename=WEIGHTS_FILE,
        dim=base.dim,
        supports_text=base.supports_text,
        description=f"The model {base_name} with a projection that was learned from examples",
        tags=["embeddings", "projection"],
        default_deployment_config_dict={"type": PROJECTED_MODEL, "config": config},
    )
    return name


def projected_entry(name: str) -> ProjectedEntry | None:
    """Returns how a projected model is registered; None if there is none of this name."""
    entry = zoo_entry(name) if _MARK in name else None
    return None if entry is None else entry_of(entry)


def check_registered(name: str) -> None:
    """Raises an ``EmbedderError`` for a projected model that is not on this machine."""
    if _MARK in name and projected_entry(name) is None:
        raise EmbedderError(
            f"The projection of '{name}' is not on this machine; copy the folder "
            f"'{model_folder(name)}' from the machine that learned it, or call learn_projection "
            "again."
        )


def entry_of(config: dict[str, Any]) -> ProjectedEntry | None:
    """Reads the configuration of a zoo model; None if it is not a projected one."""
    if config.get("type") != PROJECTED_MODEL:
        return None
    own = config["config"]
    return ProjectedEntry(own["name"], own["base"], own["base_fingerprint"])


def projected_embedder(entry: ProjectedEntry, base: Embedder) -> ProjectedEmbedder:
    """Makes the embedder of a registered projected model.

    Raises:
        EmbedderError: if its weights are missing or damaged, or belong to another base model
    """
    if base.fingerprint != entry.base_fingerprint:
        raise EmbedderError(
            f"The projection of '{entry.name}' was learned with other weights of '{entry.base}' "
            "than those it has now; call learn_projection again."
        )
    projection = _read(entry.name)
    digest = projected_fingerprint(base.fingerprint, projection)[:_DIGITS]
    if not entry.name.endswith(f"{_MARK}{digest}"):
        raise _damaged(entry.name, "they are not those that its name stands for")
    return ProjectedEmbedder(entry.name, base, projection)


def _read(name: str) -> Projection:
    try:
        with (
            open_regular(model_folder(name) / WEIGHTS_FILE) as file,
            np.load(file, allow_pickle=False) as stored,
        ):
            left, right = (np.asarray(stored[key], np.float32) for key in ("left", "right"))
            return Projection(left, right, bool(stored["scales_to_unit"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(name, str(error)) from error


def _damaged(name: str, reason: str) -> EmbedderError:
    return EmbedderError(
        f"The weights of '{name}' in {model_folder(name)} cannot be used ({reason.rstrip('.')}); "
        "restore that file, or call learn_projection again."
    )

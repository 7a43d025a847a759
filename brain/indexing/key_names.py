"""Names of new indexes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_text
from fiftyone_faiss.brain.data.connection import explain_outage
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.indexing.catalog import IndexSummary, index_configs


@explain_outage()
def suggest_brain_key(
    samples: foc.SampleCollection,
    model: str | None,
    patches_field: str | None = None,
    indexes: Sequence[IndexSummary] | None = None,
) -> str:
    """Suggests the brain key of an index: the name of its model, and the field of its patches.

    Args:
        samples: the dataset, or a view of it
        model: the name of the model; None for given embeddings
        patches_field (None): the field of the labels to index
        indexes (None): the indexes of the dataset, if they are known

    Returns:
        the key of the first index of this model and this field, or else a free key
    """
    for summary in index_configs(samples) if indexes is None else indexes:
        if (summary.model, summary.patches_field) == (model, patches_field or None):
            # A second index of the same would only take space.
            return summary.brain_key
    base = key_of_model(model or "")
    if patches_field:
        base = f"{base}_{_identifier(patches_field)}"
    taken = set(samples.list_brain_runs())
    keys = itertools.chain([base], (f"{base}_{n}" for n in itertools.count(2)))
    return next(key for key in keys if key not in taken)


def check_free_key(samples: foc.SampleCollection, name: str, value: object, example: str) -> str:
    """Checks the brain key of a new index, and returns it.

    Args:
        samples: the dataset, or a view of it
        name: the name of the parameter, for messages
        value: the key
        example: a key for messages

    Raises:
        ValueError: if it is no valid key, or taken
    """
    key = read_text(name, value, MAX_NAME).strip()
    if not key.isidentifier():
        raise ValueError(
            f"{name} is {quoted(value)}; give the name of the new index, such as '{example}', of "
            "letters, digits and underscores."
        )
    if root_dataset(samples).has_brain_run(key):
        raise ValueError(f"There is a run '{key}' already; choose another {name}, or delete it.")
    return key


def key_of_model(model: str) -> str:
    """Returns the name of a model as a brain key: "ViT-B-32/laion2b_s34b_b79k" is "vit_b_32"."""
    _, is_address, name = model.rpartition(":")
    if is_address or name[:1] in ("/", "~", ".") or "\\" in name:
        # The folder, or the file, of a local model, or a repository.
        return _identifier(re.split(r"[/\\]", name.rstrip("/\\"))[-1])
    # The weights and the tag of a model tell little.
    return _identifier(re.split(r"[/.]", name.removeprefix("timm/"))[0])


def _identifier(name: str) -> str:
    text = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not text:
        return "index"
    return text if not text[0].isdigit() else f"index_{text}"

"""Saves labels in fields of samples and frames, and their values as attributes of labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import fiftyone as fo

from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.data.value_fields import SavedFields, ValueField, write_own_values

MADE_BY = "labels"

Label: TypeAlias = fo.Classification | fo.Classifications


def save_labels(
    dataset: fo.Dataset,
    labels: Mapping[str, Label],
    name: str,
    kind: type[Label],
    patches_field: str | None = None,
) -> SavedFields:
    """Saves a label for each id; earlier ones in the field are cleared.

    Labels of a field get the attributes ``<name>``, with the name or a list of the names, and
    ``<name>_confidence``, since a label holds no others.

    Args:
        dataset: the dataset
        labels: the labels by the ids of samples or frames, or of labels for ``patches_field``
        name: the field, or the attribute
        kind: the type of the labels
        patches_field (None): the field of the labels that get attributes

    Returns:
        how many there are, which can be undone

    Raises:
        ValueError: if the name is not valid, or the field holds other values
    """
    name = name.strip()
    if not name.isidentifier():
        raise ValueError(f"{quoted(name)} is no field name; give a name such as 'clusters'.")
    ids = list(labels)
    if patches_field is None:
        field = ValueField.named(dataset, name, ids, None)
        document = fo.EmbeddedDocumentField
        written = [write_own_values(field, document, labels, MADE_BY, embedded_doc_type=kind)]
    else:
        is_list = kind is fo.Classifications
        written = []
        for attribute, part, plain in (
            (name, "label", fo.StringField),
            (f"{name}_confidence", "confidence", fo.FloatField),
        ):
            field = ValueField.named(dataset, attribute, ids, patches_field)
            values = {id: _part(label, part) for id, label in labels.items()}
            if is_list:
                written.append(
                    write_own_values(field, fo.ListField, values, MADE_BY, subfield=plain)
                )
            else:
                written.append(write_own_values(field, plain, values, MADE_BY))
    return SavedFields(len(written[0].after), written)


def _part(label: Label, part: str) -> Any:
    if isinstance(label, fo.Classifications):
        return [each[part] for each in label.classifications]
    return label[part]

"""Parts of the forms that judge labels and models."""

from __future__ import annotations

from collections.abc import Sequence

import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain


def label_field(
    ctx: foo.ExecutionContext, inputs: types.Object, patches_field: str | None
) -> str | None:
    """Adds a picker of the field with the labels; returns None if there is none."""
    names = brain.label_fields(ctx.dataset, patches_field)
    if not names:
        notice = types.Warning(
            label="This dataset has no field of labels yet",
            description="Label some samples first.",
        )
        inputs.view("no_labels", notice).invalid = True
        return None
    view = types.DropdownView()
    for name in names:
        view.add_choice(name, label=name)
    # A choice for another index is none for this one.
    chosen = ctx.params.get("label_field")
    inputs.enum(
        "label_field",
        view.values(),
        view=view,
        default=names[0],
        required=True,
        label="Labels",
        description="The field, or the attribute of patches, with the labels",
        invalid=bool(chosen) and chosen not in names,
        error_message="Choose a field of this index",
    )
    return str(chosen or names[0])


def neighbors(inputs: types.Object, default: int | None, description: str) -> None:
    """Adds the number of neighbors."""
    inputs.int("k", default=default, min=1, max=100, label="Neighbors", description=description)


def indexes(ctx: foo.ExecutionContext, inputs: types.Object) -> Sequence[brain.IndexSummary] | None:
    """Adds a picker of several indexes; returns None if there are fewer than two.

    Only indexes of samples, or of the patches of one field, can be compared.
    """
    known = brain.index_configs(ctx.dataset)
    kinds: dict[str | None, list[brain.IndexSummary]] = {}
    for info in known:
        kinds.setdefault(info.patches_field, []).append(info)
    if max(map(len, kinds.values()), default=0) < 2:
        notice = types.Warning(
            label="This dataset has no two indexes to compare",
            description="Build another one of the same samples or patches with another model.",
        )
        inputs.view("no_indexes", notice).invalid = True
        return None
    first = next(of_kind for of_kind in kinds.values() if len(of_kind) > 1)
    default = [info.brain_key for info in first]
    view = types.AutocompleteView(allow_user_input=False)
    for info in known:
        contents = f"patches of {info.patches_field}" if info.patches_field else "images"
        description = f"{contents}, {info.model or 'given embeddings'}"
        view.add_choice(info.brain_key, label=info.brain_key, description=description)
    chosen = ctx.params.get("brain_keys")
    keys = chosen if isinstance(chosen, list) else default
    picked = [info for info in known if info.brain_key in keys]
    of_one_kind = len({info.patches_field for info in picked}) == 1
    inputs.list(
        "brain_keys",
        types.String(),
        default=default,
        view=view,
        required=True,
        label="Indexes",
        invalid=len(picked) < 2 or not of_one_kind,
        error_message="Choose two or more indexes of the same samples or patches",
    )
    return picked

"""Parts of the forms that find duplicates and leaks."""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_number


def distance(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Adds the threshold, and whether images are compared."""
    problem = None
    try:
        brain.DuplicatesRequest(thresh=read_number("thresh", ctx.params.get("thresh")))
    except ValueError as error:
        problem = str(error)
    inputs.float(
        "thresh",
        label="Largest distance",
        description="Leave it empty for a proposal from the distances of different images",
        invalid=problem is not None,
        error_message=problem or "",
    )
    inputs.bool(
        "verify",
        default=True,
        label="Compare the images",
        description="Only copies of one image count then: resized, compressed, cropped, mirrored, "
        "recolored, or with a caption; not other images of the same thing",
    )


def split_field(ctx: foo.ExecutionContext, inputs: types.Object, required: bool) -> str | None:
    """Adds a picker of the field with the names of the splits."""
    names = brain.split_fields(ctx.dataset)
    view = types.DropdownView()
    if not required:
        view.add_choice("", label="none")
    for name in names:
        view.add_choice(name, label=name)
    default = ("split" if "split" in names else names[0] if names else None) if required else ""
    inputs.enum(
        "split_field",
        view.values(),
        view=view,
        default=default,
        required=required,
        label="Field with the names of the splits",
        description="A sample of the test split is never removed in favor of a training one",
    )
    chosen: str | None = ctx.params.get("split_field", default)
    return chosen or None


def actions(inputs: types.Object, default_tag: str) -> None:
    """Adds what to do with what was found: a tag."""
    inputs.str(
        "tag",
        default=default_tag,
        label="Tag",
        description="Leave it empty to tag nothing. Removing the tag undoes it",
    )

"""Parts of search forms: the query, the number of neighbors, and the options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain

IMAGE_FILES = ".jpg,.jpeg,.png,.webp,.bmp,.gif,.tif,.tiff"


def query(ctx: foo.ExecutionContext, inputs: types.Object, info: brain.SearchableRun) -> str:
    """Adds the query: text, an uploaded image, or the selected samples."""
    kinds = types.TabsView()
    if info.supports_text:
        kinds.add_choice("text", label="Text")
    if info.model is not None:
        kinds.add_choice("image", label="Image")
    kinds.add_choice("samples", label=f"Selected samples ({len(ctx.selected)})")
    default = "samples" if ctx.selected else kinds.values()[0]
    kind = ctx.params.get("query_type") or default
    inputs.enum("query_type", kinds.values(), view=kinds, default=default)
    if kind == "text":
        inputs.str(
            "query",
            label="Query",
            required=True,
            description='For example: a red car on the highway. Or: 2: forklift - "person"',
        )
    elif kind == "image":
        inputs.uploaded_file(
            "image",
            label="Image",
            required=True,
            description="A JPEG, PNG or WebP file of at most 20 MB",
            view=types.FileView(types=IMAGE_FILES),
        )
    elif not (ctx.selected or ctx.params.get("sample_ids")):
        notice = inputs.view(
            "none_selected", types.Warning(label="Select samples in the grid first")
        )
        notice.invalid = True
    return str(kind)


def query_params(ctx: foo.ExecutionContext) -> Mapping[str, Any]:
    """Returns the parameters of a request; the selection is its samples unless others are given."""
    ids = ctx.params.get("sample_ids") or ctx.selected
    kind = ctx.params.get("query_type") or (
        "samples" if "query" not in ctx.params and ids else "text"
    )
    selected = ctx.params.get("selected") or ctx.selected
    return {**ctx.params, "sample_ids": ids, "query_type": kind, "selected": selected}


def search_options(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Adds the options of a search; most are hidden until requested."""
    inputs.bool("reverse", default=False, label="Least similar first")
    inputs.bool("more", default=False, label="More options", view=types.SwitchView())
    if not ctx.params.get("more"):
        return
    inputs.float("thresh", label="Maximum distance", description="Leave empty for no maximum")
    inputs.enum(
        "templates",
        list(brain.TEMPLATES),
        default="off",
        label="Prompt templates",
        description="Puts text into a single sentence, such as 'a photo of ...', or into an "
        "ensemble of sentences whose vectors are averaged",
    )
    inputs.float(
        "diversity", default=0.0, label="Diversity", view=types.SliderView(),
        min=0, max=1, description="How different from each other the results should be",
    )  # fmt: skip
    inputs.bool("collapse", default=False, label="Collapse near-duplicates")
    inputs.bool("hubness", default=False, label="Hubness correction")


def k(ctx: foo.ExecutionContext, inputs: types.Object) -> int | None:
    """Adds the number of neighbors."""
    value = ctx.params.get("k", brain.DEFAULT_K)
    is_invalid = not isinstance(value, int) or value < 1
    inputs.int(
        "k",
        default=brain.DEFAULT_K,
        label="k",
        description="The number of neighbors",
        invalid=is_invalid,
        error_message="Enter a whole number of at least 1",
    )
    return None if is_invalid else value

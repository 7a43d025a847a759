"""Parts of forms: each adds its fields, marks what is wrong, and returns the choice."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain


def index(ctx: foo.ExecutionContext, inputs: types.Object) -> brain.IndexInfo | None:
    """A picker of the dataset's indexes; None if there are none, which the form then says."""
    indexes = brain.list_indexes(ctx.dataset)
    if not indexes:
        notice = types.Warning(
            label="This dataset has no FAISS index yet",
            description="Run the operator 'FAISS: build index' first, then come back.",
        )
        prop = inputs.view("no_index", notice)
        prop.invalid = True
        return None
    chosen = ctx.params.get("brain_key") or indexes[0].brain_key
    choices = types.DropdownView()
    for one in indexes:
        choices.add_choice(one.brain_key, label=one.brain_key, description=describe(one))
    info = next((one for one in indexes if one.brain_key == chosen), indexes[0])
    inputs.enum(
        "brain_key",
        choices.values(),
        view=choices,
        default=indexes[0].brain_key,
        label="Index",
        description=info.problem or describe(info),
        invalid=info.problem is not None,
        error_message=info.problem or "",
    )
    return info


def describe(info: brain.IndexInfo) -> str:
    """An index in a line."""
    things = f"patches of {info.patches_field}" if info.patches_field else "images"
    return f"{info.size:,} {things}, {info.model or 'given vectors'}, {info.metric}"


def tag(ctx: foo.ExecutionContext, inputs: types.Object) -> str:
    """The name of a tag."""
    value = ctx.params.get("tag", brain.DEFAULT_TAG)
    inputs.str(
        "tag",
        default=brain.DEFAULT_TAG,
        label="Tag",
        invalid=not str(value or "").strip(),
        error_message="Give a word, such as 'neighbors'",
    )
    return str(value)


def model(ctx: foo.ExecutionContext, inputs: types.Object) -> str | None:
    """The embedder: one of those known here, or any other name."""
    known = brain.list_models()
    view = types.AutocompleteView(allow_user_input=True)
    for info in known:
        view.add_choice(info.name, label=info.name, description=describe_model(info))
    # The dataset's own; else what is here already and reads words is what most people want.
    used = [one.model for one in brain.list_indexes(ctx.dataset) if one.model is not None]
    ready = [info.name for info in known if info.is_cached and info.supports_text]
    default = next(iter((*used, *ready)), known[0].name)
    chosen = ctx.params.get("model", default)
    info_of = {info.name: info for info in known}
    inputs.str(
        "model",
        default=default,
        label="Model",
        view=view,
        description=describe_model(info_of[chosen])
        if chosen in info_of
        else "An OpenCLIP model as '<architecture>/<weights>', a folder with a local one, "
        "'timm/<model>', or a FiftyOne zoo name. Missing weights are downloaded.",
    )
    return chosen


def describe_model(info: brain.ModelInfo) -> str:
    """An embedder in a line."""
    reads = "words and images" if info.supports_text else "images only"
    size = (
        ""
        if info.is_cached or not info.download_bytes
        else (f", downloads {info.download_bytes / 1e6:,.0f} MB")
    )
    dim = f", {info.dim} dimensions" if info.dim else ""
    license = f", {info.license}" if info.license else ""
    return f"{reads}{dim}{size}{license}"


def embeddings_field(ctx: foo.ExecutionContext, inputs: types.Object) -> str | None:
    """A field of vectors that exist, to index instead of computing new ones."""
    schema = ctx.dataset.get_field_schema(ftype=(fo.VectorField, fo.ArrayField))
    if not schema:
        return None
    inputs.enum(
        "embeddings",
        list(schema),
        view=_dropdown(schema),
        label="Embeddings",
        description="A field with the vectors to index; leave empty to compute them. The model "
        "below is then the one that made them",
    )
    return ctx.params.get("embeddings")


def patches_field(ctx: foo.ExecutionContext, inputs: types.Object) -> str | None:
    """A field of labels whose patches are meant, instead of whole images."""
    fields = list(ctx.dataset.get_field_schema(embedded_doc_type=brain.PATCH_TYPES))
    if not fields:
        return None
    inputs.enum(
        "patches_field",
        fields,
        view=_dropdown(fields),
        label="Patches of",
        description="Leave empty for whole images",
    )
    return ctx.params.get("patches_field")


def regions(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Which parts of the images are meant, and how their boxes are cut."""
    field = patches_field(ctx, inputs)
    if field is None:
        return
    alpha = ctx.params.get("alpha") or 0
    inputs.float(
        "alpha",
        default=0.0,
        label="Padding",
        description="By how much to widen the boxes: 0.1 is 10 %; below 0 narrows them",
        invalid=not alpha > -1,
        error_message="Give a number above -1",
    )
    inputs.bool("force_square", default=False, label="Square", description="Grow boxes to squares")


def regions_of(params: Mapping[str, Any]) -> brain.Regions:
    """What :func:`regions` asked for."""
    return brain.Regions(
        params.get("patches_field"),
        alpha=float(params.get("alpha") or 0),
        force_square=bool(params.get("force_square")),
    )


def metric(inputs: types.Object) -> None:
    """What makes two vectors alike."""
    inputs.enum(
        "metric",
        brain.METRICS,
        view=_dropdown(brain.METRICS),
        default="cosine",
        label="Metric",
        description="Cosine suits CLIP models",
    )


def index_type(ctx: foo.ExecutionContext, inputs: types.Object) -> str:
    """How candidates are found: a type, or a FAISS factory string."""
    value = str(ctx.params.get("index_type") or "auto")
    problem = ""
    try:
        brain.check_index_type(value)
    except ValueError as error:
        problem = str(error)
    view = types.AutocompleteView(allow_user_input=True)
    for name in brain.INDEX_TYPES:
        view.add_choice(name, label=name)
    inputs.str(
        "index_type",
        default="auto",
        label="Index type",
        view=view,
        description="'auto' chooses by size; distances are exact with every type. FAISS factory "
        "strings such as 'IVF1024,PQ64' work too",
        invalid=bool(problem),
        error_message=problem,
    )
    return value


def health_table(health: brain.IndexHealth) -> str:
    """How an index compares with its dataset, as Markdown."""
    matches = {True: "the one that made the vectors", False: "changed since", None: "not known"}
    rows = {
        "Vectors": f"{health.size:,}",
        "Missing": f"{health.missing:,}",
        "Of deleted samples": f"{health.orphaned:,}",
        "Could not be read": f"{health.failed:,}",
        "Not in the FAISS index yet": f"{health.unindexed:,}",
        "Model": matches[health.model_matches],
    }
    return table(rows)


def table(rows: Mapping[str, Any]) -> str:
    """Names and values as Markdown."""
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join(["| | |", "|---|---|", *lines])


def _dropdown(names: Iterable[str]) -> types.DropdownView:
    view = types.DropdownView()
    for name in names:
        view.add_choice(name, label=name)
    return view


def run_steps(
    ctx: foo.ExecutionContext, steps: Generator[brain.Progress, None, Any], name: str
) -> Generator[Any, None, None]:
    """Takes steps, showing each in the App, or in the run's record when it is delegated.

    In the end it says what came of them, or that somebody cancelled them in the panel.

    Args:
        ctx: the operator's context
        steps: the steps
        name: what is worked on, such as a brain key

    Yields:
        what a generator operator yields
    """
    watched = brain.tracked(steps, ctx.dataset.name, name)
    while True:
        try:
            step = next(watched)
        except StopIteration as end:
            yield ctx.ops.notify(str(end.value), variant="success")
            break
        except brain.CancelledError as error:
            yield ctx.ops.notify(str(error), variant="warning")
            break
        if ctx.delegated:
            ctx.set_progress(step.fraction, label=str(step))
        else:
            yield ctx.ops.set_progress(progress=step.fraction, label=str(step))
    yield ctx.ops.reload_dataset()

"""Parts of forms: each adds its fields, marks invalid values, and returns the choice.

FiftyOne resolves a form again at every change, so these parts only read run configs.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import fiftyone as fo
import fiftyone.operators as foo
from cachetools import TTLCache
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_flag, read_number, read_text

# Health tables by dataset and index, kept until the form's switch is turned off, at most for these
# seconds.
HEALTH_SECONDS = 60.0
_health: TTLCache[tuple[str, str], str] = TTLCache(16, HEALTH_SECONDS)
_health_lock = threading.Lock()


Index: TypeAlias = brain.IndexSummary | brain.SearchableRun
AnyIndex = TypeVar("AnyIndex", brain.IndexSummary, brain.SearchableRun)
Report = TypeVar("Report")


def index(ctx: foo.ExecutionContext, inputs: types.Object) -> brain.IndexSummary | None:
    """Adds a picker of the FAISS indexes of the dataset; returns None if there are none."""
    return _pick(ctx, inputs, brain.index_configs(ctx.dataset))


def searchable_index(ctx: foo.ExecutionContext, inputs: types.Object) -> brain.SearchableRun | None:
    """Adds a picker of the dataset's indexes of any Brain backend; see :func:`index`."""
    runs = [run for run in brain.searchable_runs(ctx.dataset) if run.problem is None]
    return _pick(ctx, inputs, runs)


def _pick(
    ctx: foo.ExecutionContext, inputs: types.Object, indexes: Sequence[AnyIndex]
) -> AnyIndex | None:
    if not indexes:
        notice = types.Warning(
            label="This dataset has no FAISS index yet",
            description="Run the operator 'FAISS: build index' first.",
        )
        prop = inputs.view("no_index", notice)
        prop.invalid = True
        return None
    chosen = ctx.params.get("brain_key")
    choices = types.DropdownView()
    for info in indexes:
        choices.add_choice(info.brain_key, label=info.brain_key, description=describe(info))
    info = next((info for info in indexes if info.brain_key == chosen), indexes[0])
    inputs.enum(
        "brain_key",
        choices.values(),
        view=choices,
        default=indexes[0].brain_key,
        label="Index",
        description=as_text(describe(info)),
    )
    return info


def describe(info: Index) -> str:
    """Describes an index in one line."""
    contents = f"patches of {info.patches_field}" if info.patches_field else "images"
    return f"{contents}, {info.model or 'given embeddings'}, {info.metric}"


def tag(ctx: foo.ExecutionContext, inputs: types.Object) -> str:
    """Adds the name of a tag."""
    value = ctx.params.get("tag", brain.DEFAULT_TAG)
    inputs.str(
        "tag",
        default=brain.DEFAULT_TAG,
        label="Tag",
        invalid=not str(value or "").strip(),
        error_message="Enter a tag, such as 'neighbors'",
    )
    return str(value)


def model(
    ctx: foo.ExecutionContext, inputs: types.Object, indexes: Sequence[brain.IndexSummary]
) -> str | None:
    """Adds the model: a known embedder, or the name of another one.

    Args:
        ctx: the operator's context
        inputs: the form
        indexes: the indexes of the dataset
    """
    known = brain.list_models()
    view = types.AutocompleteView(allow_user_input=True)
    for info in known:
        view.add_choice(info.name, label=info.name, description=describe_model(info))
    default = default_model(indexes)
    chosen = ctx.params.get("model", default)
    info_of = {info.name: info for info in known}
    inputs.str(
        "model",
        default=default,
        label="Model",
        view=view,
        description=describe_model(info_of[chosen])
        if chosen in info_of
        else "An OpenCLIP model as '<architecture>/<weights>', the folder of a local one, "
        "'timm/<model>', or the name of a FiftyOne zoo model. Missing weights are downloaded.",
    )
    return chosen


def default_model(indexes: Sequence[brain.IndexSummary]) -> str:
    """Returns the dataset's own model, or else one that needs no download and embeds text."""
    known = brain.list_models()
    used = [summary.model for summary in indexes if summary.model is not None]
    ready = [info.name for info in known if info.is_cached and info.supports_text]
    return next(iter((*used, *ready)), known[0].name)


def describe_model(info: brain.ModelInfo) -> str:
    """Describes an embedder in one line."""
    inputs = "text and images" if info.supports_text else "images only"
    size = ""
    if not info.is_cached and info.download_bytes:
        size = f", downloads {info.download_bytes / 1e6:,.0f} MB"
    dim = f", {info.dim} dimensions" if info.dim else ""
    license = f", {info.license}" if info.license else ""
    return f"{inputs}{dim}{size}{license}"


def embeddings_field(ctx: foo.ExecutionContext, inputs: types.Object) -> str | None:
    """Adds a field of existing embeddings to index."""
    schema = ctx.dataset.get_field_schema(ftype=(fo.VectorField, fo.ArrayField))
    if not schema:
        return None
    inputs.enum(
        "embeddings",
        list(schema),
        view=_dropdown(schema),
        label="Embeddings field",
        description="A field of embeddings to index, which the model below computed. Leave empty "
        "to compute the embeddings",
    )
    return ctx.params.get("embeddings")


def patches_field(ctx: foo.ExecutionContext, inputs: types.Object) -> str | None:
    """Adds a field of labels whose patches are embedded instead of whole images."""
    fields = brain.patch_fields(ctx.dataset)
    if not fields:
        return None
    inputs.enum(
        "patches_field",
        fields,
        view=_dropdown(fields),
        label="Patches field",
        description="Leave empty for whole images",
    )
    return ctx.params.get("patches_field")


def regions(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Adds the regions of the images to embed."""
    if patches_field(ctx, inputs) is None:
        return
    alpha = ctx.params.get("alpha") or 0
    is_number = isinstance(alpha, (int, float))
    inputs.float(
        "alpha",
        default=0.0,
        label="Padding",
        description="Expands the boxes by this fraction of their size: 0.1 is 10 %; negative "
        "values shrink them",
        invalid=not (is_number and alpha > -1),
        error_message="Enter a number above -1",
    )
    inputs.bool(
        "force_square", default=False, label="Square boxes", description="Expands boxes to squares"
    )


def regions_of(params: Mapping[str, Any]) -> brain.Regions:
    """Returns the regions that :func:`regions` asked for."""
    return brain.Regions(
        read_text("patches_field", params.get("patches_field"), MAX_NAME) or None,
        alpha=read_number("alpha", params.get("alpha")) or 0.0,
        force_square=read_flag("force_square", params.get("force_square")),
    )


def metric(inputs: types.Object) -> None:
    """Adds the metric."""
    inputs.enum(
        "metric",
        brain.METRICS,
        view=_dropdown(brain.METRICS),
        default="cosine",
        label="Metric",
        description="Use cosine for CLIP models",
    )


def index_type(ctx: foo.ExecutionContext, inputs: types.Object) -> str:
    """Adds the index type, or a FAISS factory string."""
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
        description="'auto' chooses by size. FAISS factory strings such as 'IVF1024,PQ64' work "
        "too. Distances are exact with every type",
        invalid=bool(problem),
        error_message=problem,
    )
    return value


def health(ctx: foo.ExecutionContext, inputs: types.Object, brain_key: str) -> None:
    """Adds a switch that compares an index with its dataset once, and shows the result."""
    inputs.bool(
        "check_health",
        default=False,
        label="Check health",
        description="Compares the index with the dataset, which may take a while",
        view=types.SwitchView(),
    )
    key = (ctx.dataset.name, brain_key)
    with _health_lock:
        if not ctx.params.get("check_health"):
            _health.pop(key, None)
            return
        if key not in _health:
            _health[key] = _health_table(brain.index_health(ctx.dataset, brain_key))
        inputs.md(_health[key], name="health")


def _health_table(health: brain.IndexHealth) -> str:
    matches = {True: "matches the vectors", False: "changed", None: "unknown"}
    rows = {
        "Vectors": f"{health.size:,}",
        "Missing": f"{health.missing:,}",
        "Orphaned": f"{health.orphaned:,}",
        "Failed": f"{health.failed:,}",
        "Not in the FAISS index yet": f"{health.unindexed:,}",
        "Model": matches[health.model_matches],
    }
    return table(rows)


def table(rows: Mapping[str, Any]) -> str:
    """Returns names and values, both in Markdown, as a table."""
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join(["| | |", "|---|---|", *lines])


def as_text(text: str) -> str:
    """Returns Markdown, as in tables and descriptions, that shows the characters of a text."""
    return re.sub(r"([\\`*_\[\]<>&|~!$])", r"\\\1", " ".join(text.split()))


def _dropdown(names: Iterable[str]) -> types.DropdownView:
    view = types.DropdownView()
    for name in names:
        view.add_choice(name, label=name)
    return view


def run_steps(
    ctx: foo.ExecutionContext, steps: Generator[brain.Progress, None, Report], name: str
) -> Generator[Any, None, Report | None]:
    """Runs steps and shows their progress in the App, or in the record of a delegated run.

    It notifies the user of the report at the end, or that the job was canceled in the panel.

    Args:
        ctx: the operator's context
        steps: the steps
        name: the name of the job, such as a brain key

    Yields:
        the messages of a generator operator

    Returns:
        the report of the steps, None if the job was canceled
    """
    report: Report | None = None
    tracked = brain.tracked(steps, ctx.dataset.name, name)
    while True:
        try:
            step = next(tracked)
        except StopIteration as end:
            report = end.value
            yield ctx.ops.notify(str(report), variant="success")
            break
        except brain.CancelledError as error:
            yield ctx.ops.notify(str(error), variant="warning")
            break
        if ctx.delegated:
            ctx.set_progress(step.fraction, label=str(step))
        else:
            yield ctx.ops.set_progress(progress=step.fraction, label=str(step))
    yield ctx.ops.reload_dataset()
    return report

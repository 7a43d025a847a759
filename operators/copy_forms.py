"""Parts of the form that copies an index."""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_text


def backend(ctx: foo.ExecutionContext, inputs: types.Object, of_source: str) -> str:
    """Adds a picker of the Brain backends; addresses and passwords stay in FiftyOne's settings."""
    names = brain.backends()
    default = "lancedb" if of_source == "faiss" else "faiss"
    chosen = ctx.params.get("backend") or default
    inputs.enum(
        "backend",
        names,
        default=default,
        label="Backend",
        description="Its address and credentials are read from the server's environment, such as "
        f"FIFTYONE_BRAIN_SIMILARITY_{str(chosen).upper()}_...",
    )
    return str(chosen)


def new_key(ctx: foo.ExecutionContext, inputs: types.Object, default: str) -> None:
    """Adds the key of a copy; that of an unfinished copy resumes it."""
    key = read_text("new_key", ctx.params.get("new_key")).strip() or default
    runs = {run.brain_key for run in brain.searchable_runs(ctx.dataset) if run.problem is None}
    problem = "" if key.isidentifier() else "Use letters, digits and underscores"
    if key in runs:
        problem = "There is a run of this name already"
    inputs.str(
        "new_key",
        default=default,
        label="Copy",
        description="The name of an unfinished copy resumes it",
        invalid=bool(problem),
        error_message=problem,
    )

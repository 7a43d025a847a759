"""Updates an index to match its dataset, rebuilds it, or tunes its FAISS index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_flag, read_text
from fiftyone_faiss.operators import forms


class UpdateIndex(foo.Operator):
    """``@fiftyone-faiss/similarity/update_index``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="update_index",
            label="FAISS: update index",
            description="Add missing samples to an index and remove deleted ones, or rebuild it",
            icon="sync",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Update the index for")
        info = forms.index(ctx, inputs)
        if info is not None:
            forms.health(ctx, inputs, info.brain_key)
            inputs.bool(
                "tune",
                default=False,
                label="Tune",
                description="Only rebuilds and tunes the FAISS index of the stored vectors",
            )
            if not ctx.params.get("tune"):
                _update_options(ctx, inputs)
        return types.Property(inputs, view=types.View(label="Update a FAISS index"))

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any]:
        brain_key = read_text("brain_key", ctx.params.get("brain_key"), MAX_NAME) or None
        if read_flag("tune", ctx.params.get("tune")):
            steps = brain.tune_index_steps(ctx.dataset, brain_key)
        else:
            steps = brain.update_index_steps(
                ctx.target_view(),
                brain_key,
                check_media=read_flag("check_media", ctx.params.get("check_media")),
                force=read_flag("force", ctx.params.get("force")),
            )
        yield from forms.run_steps(ctx, steps, brain_key or "index")

    def __call__(
        self,
        samples: foc.SampleCollection,
        brain_key: str | None = None,
        check_media: bool = False,
        force: bool = False,
        tune: bool = False,
        **options: Any,
    ) -> brain.IndexReport:
        """Updates an index from Python.

        Args:
            samples: the dataset, or the view that the index should hold
            brain_key (None): the index; optional if there is only one
            check_media (False): whether to check all files for changes of their size or time
            force (False): whether to rebuild the index: to embed everything again
            tune (False): whether to only rebuild and tune the FAISS index of the stored vectors
            **options: see :func:`fiftyone_faiss.update_index`
        """
        if tune:
            return brain.tune_index(samples, brain_key)
        return brain.update_index(samples, brain_key, check_media, force, **options)


def _update_options(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    inputs.bool("force", default=False, label="Rebuild", description="Embeds everything again")
    if not ctx.params.get("force"):
        inputs.bool(
            "check_media",
            default=False,
            label="Check for changed files",
            description="Compares the size and time of every file, which takes a while",
        )

"""Finds clusters, names them, and saves them in a field."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_text
from fiftyone_faiss.operators import forms, grouping_forms


class ClusterSamples(foo.Operator):
    """``@fiftyone-faiss/similarity/cluster_samples``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="cluster_samples",
            label="FAISS: cluster samples",
            description="Find groups of similar samples, name them, and save them in a field",
            icon="workspaces",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Find clusters in")
        if forms.index(ctx, inputs) is not None:
            grouping_forms.method(ctx, inputs)
            grouping_forms.vocabulary(ctx, inputs)
            grouping_forms.field(
                inputs, "clusters", "A field of Classifications; empty to save nothing"
            )
        return types.Property(inputs, view=types.View(label="Cluster samples"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        request = brain.ClusterRequest.from_params(ctx.params)
        steps = brain.cluster_steps(ctx.target_view(), request)
        clusters = yield from forms.run_steps(ctx, steps, "clusters")
        if clusters is None or not clusters.clusters:
            return
        field = read_text("field", ctx.params.get("field")).strip()
        if field:
            clusters.save(field)
        yield ctx.ops.set_view(clusters.view())
        yield ctx.ops.reload_dataset()

    def __call__(
        self,
        samples: foc.SampleCollection,
        brain_key: str | None = None,
        n_clusters: int | None = None,
        field: str | None = None,
        **options: Any,
    ) -> brain.Clusters:
        """Finds clusters from Python.

        Args:
            samples: a dataset or a view
            brain_key (None): the index; optional if there is only one
            n_clusters (None): the number of clusters; None proposes one
            field (None): the field to save them in
            **options: see :func:`fiftyone_faiss.cluster_samples`
        """
        return brain.cluster_samples(samples, brain_key, n_clusters, field=field, **options)

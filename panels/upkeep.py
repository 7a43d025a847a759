"""The panel's methods about indexes: how they are, and work on them that takes long."""

from __future__ import annotations

import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.panels.answers import Answer, answered

BUILD_INDEX = "@fiftyone-faiss/similarity/build_index"


class Upkeep:
    """Methods of the panel; each answers a message of the page."""

    def refresh(self, ctx: foo.ExecutionContext) -> Answer:
        """Tells the page what can be searched, or what went wrong."""
        listed = self._list_indexes(ctx)
        error = listed.get("error")
        # What the page was told before stays, unless it is told otherwise.
        ctx.panel.set_data({**listed, "error": error})
        return {"error": error} if error else {}

    @answered
    def _list_indexes(self, ctx: foo.ExecutionContext) -> Answer:
        dataset = ctx.dataset
        return {
            "dataset": dataset.name,
            "size": dataset.count(),
            "indexes": [info.to_dict() for info in brain.list_indexes(dataset)],
            "jobs": [job.to_dict() for job in brain.list_jobs(dataset.name)],
            "saved_views": dataset.list_saved_views(),
            "others": brain.list_other_indexes(dataset),
        }

    @answered
    def warm(self, ctx: foo.ExecutionContext) -> Answer:
        """Loads the model of an index before the first query needs it."""
        return brain.warm(ctx.dataset, ctx.params.get("brain_key"))

    @answered
    def health(self, ctx: foo.ExecutionContext) -> Answer:
        """Tells what an index holds and lacks, and how well it finds."""
        key = ctx.params["brain_key"]
        health = brain.index_health(ctx.dataset, key, check_media=True)
        info = next(one for one in brain.list_indexes(ctx.dataset) if one.brain_key == key)
        return {**info.to_dict(), **health.to_dict(), "is_current": health.is_current}

    @answered
    def missing(self, ctx: foo.ExecutionContext) -> Answer:
        """Tells how many of the dataset's samples an index lacks."""
        return {"missing": brain.index_health(ctx.dataset, ctx.params["brain_key"]).missing}

    @answered
    def build(self, ctx: foo.ExecutionContext) -> Answer:
        """Opens the form that builds an index."""
        ctx.prompt(BUILD_INDEX, on_success=self.refresh)
        return {}

    @answered
    def update(self, ctx: foo.ExecutionContext) -> Answer:
        """Begins to embed what an index lacks, and to forget what was deleted."""
        key = ctx.params["brain_key"]
        steps = brain.update_index_steps(ctx.dataset, key, check_media=True)
        return brain.start_job(steps, ctx.dataset.name, key).to_dict()

    @answered
    def rebuild(self, ctx: foo.ExecutionContext) -> Answer:
        """Begins to embed all of an index again."""
        key = ctx.params["brain_key"]
        steps = brain.update_index_steps(ctx.dataset, key, force=True)
        return brain.start_job(steps, ctx.dataset.name, key).to_dict()

    @answered
    def tune(self, ctx: foo.ExecutionContext) -> Answer:
        """Begins to build and tune the FAISS index anew from the vectors there are."""
        key = ctx.params["brain_key"]
        steps = brain.tune_index_steps(ctx.dataset, key)
        return brain.start_job(steps, ctx.dataset.name, key).to_dict()

    @answered
    def jobs(self, ctx: foo.ExecutionContext) -> Answer:
        """Tells how far the work on the dataset is; in the end, what indexes there are now."""
        jobs = brain.list_jobs(ctx.dataset.name)
        if ctx.params.get("watched") and not any(job.state == "running" for job in jobs):
            self.refresh(ctx)
        return {"jobs": [job.to_dict() for job in jobs]}

    @answered
    def cancel(self, ctx: foo.ExecutionContext) -> Answer:
        """Cancels work; what it has done is kept."""
        for job in brain.list_jobs(ctx.dataset.name):
            if job.id == ctx.params["id"]:
                job.cancel()
        return {}

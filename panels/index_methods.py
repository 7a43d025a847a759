"""The panel's methods for indexes: their state, and work on them that takes long."""

from __future__ import annotations

from typing import Any, cast

import fiftyone as fo
import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_flag, read_text
from fiftyone_faiss.panels import index_messages, messages
from fiftyone_faiss.panels.base import answer_of, panel_method

BUILD_INDEX = "@fiftyone-faiss/similarity/build_index"
UPDATE_INDEX = "@fiftyone-faiss/similarity/update_index"

# The parameters of the operator "update_index".
_WORK: dict[str, dict[str, Any]] = {
    "update": {"check_media": True},
    "rebuild": {"force": True},
    "tune": {"tune": True},
}


class IndexMethods:
    """A part of :class:`SearchPanel`."""

    @panel_method
    def refresh(
        self, ctx: foo.ExecutionContext, params: messages.NoParams
    ) -> messages.Empty | messages.Failure:
        """Sends the panel's data to the page, or the error that prevented it."""
        data = answer_of(lambda: _panel_data(ctx.dataset))
        # After an error, the page keeps the data that it has.
        ctx.panel.set_data(data)
        return {"error": data["error"]} if data["error"] else {}

    @panel_method
    def warm(
        self, ctx: foo.ExecutionContext, params: index_messages.IndexParams
    ) -> index_messages.WarmAnswer:
        """Loads the model of an index before the first query needs it."""
        return cast(index_messages.WarmAnswer, brain.warm(ctx.dataset, _key(params) or None))

    @panel_method
    def health(
        self, ctx: foo.ExecutionContext, params: index_messages.HealthParams
    ) -> index_messages.IndexHealth:
        """Compares an index with its dataset, and returns how well it finds neighbors.

        An earlier comparison is returned if neither of them changed, unless the page asks again.
        """
        key, refresh = _key(params), read_flag("refresh", params.get("refresh"))
        known = brain.known_health(ctx.dataset, key, check_media=True, refresh=refresh)
        health, info = known.health, brain.index_info(ctx.dataset, key)
        answer = {
            **info.to_dict(),
            **health.to_dict(),
            "is_current": health.is_current,
            "age_s": known.age_s,
        }
        # The page shows the recall and the latency of the index itself.
        del answer["tuning"]
        return cast(index_messages.IndexHealth, answer)

    @panel_method
    def missing(
        self, ctx: foo.ExecutionContext, params: index_messages.IndexParams
    ) -> index_messages.MissingAnswer:
        """Counts the samples that are missing from an index."""
        return {"missing": brain.known_health(ctx.dataset, _key(params)).health.missing}

    @panel_method
    def build(self, ctx: foo.ExecutionContext, params: messages.NoParams) -> messages.Empty:
        """Opens the form that builds an index."""
        ctx.prompt(BUILD_INDEX, on_success=self.refresh)
        return {}

    @panel_method
    def update(
        self, ctx: foo.ExecutionContext, params: index_messages.IndexParams
    ) -> index_messages.Job:
        """Starts to embed missing samples, and to remove vectors of deleted samples."""
        key = _key(params)
        return _start(ctx, key, brain.update_index_steps(ctx.dataset, key, check_media=True))

    @panel_method
    def rebuild(
        self, ctx: foo.ExecutionContext, params: index_messages.IndexParams
    ) -> index_messages.Job:
        """Starts to embed everything again."""
        key = _key(params)
        return _start(ctx, key, brain.update_index_steps(ctx.dataset, key, force=True))

    @panel_method
    def tune(
        self, ctx: foo.ExecutionContext, params: index_messages.IndexParams
    ) -> index_messages.Job:
        """Starts to rebuild and tune the FAISS index of the stored vectors."""
        key = _key(params)
        return _start(ctx, key, brain.tune_index_steps(ctx.dataset, key))

    @panel_method
    def delegate(
        self, ctx: foo.ExecutionContext, params: index_messages.DelegateParams
    ) -> index_messages.DelegatedWork:
        """Queues an update, a rebuild or a tuning for FiftyOne's orchestrator."""
        if not _can_delegate():
            raise ValueError(
                "No orchestrator runs delegated operations; set "
                "FIFTYONE_ALLOW_LEGACY_ORCHESTRATORS=true and run 'fiftyone delegated launch'."
            )
        work = read_text("work", params.get("work"))
        if work not in _WORK:
            raise ValueError(
                f"{quoted(work)} is no work on an index; choose one of {', '.join(_WORK)}."
            )
        given = {"brain_key": _key(params), "view_target": "DATASET", **_WORK[work]}
        result = foo.execute_operator(
            UPDATE_INDEX, ctx={"dataset": ctx.dataset, "params": given}, request_delegation=True
        )
        if result.error:
            raise ValueError(result.error_message)
        return {"operation_id": str(result.result["id"])}

    @panel_method
    def jobs(
        self, ctx: foo.ExecutionContext, params: index_messages.JobsParams
    ) -> index_messages.JobsAnswer:
        """Returns the jobs of the dataset; refreshes the page once all have ended."""
        jobs = brain.list_jobs(ctx.dataset.name)
        if read_flag("tracked", params.get("tracked")) and not any(
            job.state == "running" for job in jobs
        ):
            self.refresh(ctx)
        return {"jobs": [cast(index_messages.Job, job.to_dict()) for job in jobs]}

    @panel_method
    def cancel(self, ctx: foo.ExecutionContext, params: index_messages.JobParams) -> messages.Empty:
        """Cancels a job; what it has finished is kept."""
        id = read_text("id", params.get("id"))
        for job in brain.list_jobs(ctx.dataset.name):
            if job.id == id:
                job.cancel()
        return {}


def _key(params: index_messages.IndexParams) -> str:
    return read_text("brain_key", params.get("brain_key"), MAX_NAME)


def _panel_data(dataset: fo.Dataset) -> index_messages.PanelData:
    data = {
        "error": None,
        "dataset": dataset.name,
        "size": dataset.count(),
        "indexes": _indexes(dataset),
        "jobs": [job.to_dict() for job in brain.list_jobs(dataset.name)],
        "saved_views": dataset.list_saved_views(),
        "others": brain.list_other_indexes(dataset),
        "can_delegate": _can_delegate(),
    }
    return cast(index_messages.PanelData, data)


def _indexes(dataset: fo.Dataset) -> list[index_messages.PanelIndex]:
    """The FAISS indexes first, then those of other backends."""
    infos = {info.brain_key: info for info in brain.list_indexes(dataset)}
    runs = sorted(brain.searchable_runs(dataset), key=lambda run: run.brain_key not in infos)
    return [
        {
            **cast(index_messages.PanelIndex, run.to_dict()),
            "size": infos[run.brain_key].size if run.brain_key in infos else None,
            "failures": infos[run.brain_key].failures if run.brain_key in infos else 0,
            "problem": infos[run.brain_key].problem if run.brain_key in infos else run.problem,
        }
        for run in runs
    ]


def _start(ctx: foo.ExecutionContext, key: str, steps: Any) -> index_messages.Job:
    return cast(index_messages.Job, brain.start_job(steps, ctx.dataset.name, key).to_dict())


def _can_delegate() -> bool:
    """Whether the App offers delegated execution."""
    return bool(fo.config.allow_legacy_orchestrators)

"""The methods that explain matches, for any panel."""

from __future__ import annotations

import base64
import io
import threading
import uuid
from typing import cast

import fiftyone as fo
import fiftyone.operators as foo
from cachetools import LRUCache
from PIL import Image

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.jobs import Job
from fiftyone_faiss.brain.core.params import MAX_NAME, read_text
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.data.value_fields import SavedFields
from fiftyone_faiss.panels import explain_messages, messages
from fiftyone_faiss.panels.base import panel_method

# Explanations that are kept, for their heatmaps to be saved.
_MAX_KEPT = 50
_QUALITY = 85
_GONE = "The server does not have this explanation any more; open it again."

_JOBS: LRUCache[str, Job] = LRUCache(_MAX_KEPT)
_EXPLANATIONS: LRUCache[str, brain.Explanation] = LRUCache(_MAX_KEPT)
_SAVED: LRUCache[str, SavedFields] = LRUCache(_MAX_KEPT)
_LOCK = threading.Lock()


class ExplainMethods:
    """A part of a panel."""

    @panel_method
    def explain_match(
        self, ctx: foo.ExecutionContext, params: explain_messages.ExplainParams
    ) -> explain_messages.ExplanationStarted:
        """Starts to explain a match; ``explanation`` tells its progress."""
        request = brain.ExplanationRequest.from_params(params, ctx.dataset)
        key = uuid.uuid4().hex[:12]
        steps = _kept_steps(key, brain.explanation_steps(ctx.dataset, request))
        with _LOCK:
            # Listed apart from the jobs of the dataset: the dialog shows the progress.
            _JOBS[key] = brain.start_job(steps, f"{ctx.dataset.name} (explanations)", key)
        return {"job": key}

    @panel_method
    def explanation(
        self, ctx: foo.ExecutionContext, params: explain_messages.ExplanationParams
    ) -> explain_messages.ExplanationState:
        """The progress of an explanation, or the explanation."""
        key = read_text("job", params.get("job"), MAX_NAME)
        job, explanation = _job(key), _kept(key)
        progress = job.progress
        if job.state == "failed":
            raise ValueError(job.message)
        return {
            "state": job.state,
            "fraction": 0.0 if progress is None else progress.fraction,
            "label": "Loading the model…" if progress is None else str(progress),
            "explanation": None if explanation is None else _message(explanation),
        }

    @panel_method
    def cancel_explanation(
        self, ctx: foo.ExecutionContext, params: explain_messages.ExplanationParams
    ) -> messages.Empty:
        """Ends an explanation that nobody waits for any more."""
        _job(read_text("job", params.get("job"), MAX_NAME)).cancel()
        return {}

    @panel_method
    def save_heatmap(
        self, ctx: foo.ExecutionContext, params: explain_messages.SaveHeatmapParams
    ) -> explain_messages.HeatmapSaved:
        """Saves the heatmap of the match in a field, which can be undone."""
        key = read_text("job", params.get("job"), MAX_NAME)
        field = read_text("field", params.get("field"), MAX_NAME).strip()
        explanation = _kept(key)
        if explanation is None:
            raise ValueError(_GONE)
        saved = explanation.save(field)
        with _LOCK:
            _SAVED[key] = saved
        _show_fields(ctx.dataset, ctx)
        return {"text": f"Saved the heatmap in the field “{field}”."}

    @panel_method
    def undo_heatmap(
        self, ctx: foo.ExecutionContext, params: explain_messages.ExplanationParams
    ) -> explain_messages.HeatmapSaved:
        """Restores what the field held before."""
        with _LOCK:
            saved = _SAVED.pop(read_text("job", params.get("job"), MAX_NAME), None)
        if saved is None:
            raise ValueError("This was undone already, or the server was restarted.")
        saved.undo()
        _show_fields(ctx.dataset, ctx)
        return {"text": "The field is as it was before."}


def _kept_steps(key: str, steps: Steps[brain.Explanation]) -> Steps[str]:
    """Keeps the explanation, and returns how the job ended."""
    explanation = yield from steps
    with _LOCK:
        _EXPLANATIONS[key] = explanation
    return f"Explained {explanation.id}."


def _job(key: str) -> Job:
    with _LOCK:
        job = _JOBS.get(key)
    if job is None:
        raise ValueError(_GONE)
    return job


def _kept(key: str) -> brain.Explanation | None:
    with _LOCK:
        return _EXPLANATIONS.get(key)


def _show_fields(dataset: fo.Dataset, ctx: foo.ExecutionContext) -> None:
    dataset.reload()
    ctx.ops.reload_dataset()


def _message(explanation: brain.Explanation) -> explain_messages.MatchExplanation:
    query = explanation.query_thumbnail
    return cast(
        explain_messages.MatchExplanation,
        {
            **explanation.to_dict(),
            "image": _data_url(explanation.thumbnail),
            "query_image": None if query is None else _data_url(query),
        },
    )


def _data_url(image: Image.Image) -> str:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"

"""The messages about tags by text; see ``messages``."""

from __future__ import annotations

from typing import Literal, TypedDict

from fiftyone_faiss.brain.curation.grouping.text_tags import Status
from fiftyone_faiss.brain.data.result_files import ResultFile
from fiftyone_faiss.panels.grid_messages import GridState
from fiftyone_faiss.panels.run_messages import RunParams, ShowRunParams

SaveKind = Literal["tags", "classifications", "single"]
ALIASES = {"PromptStatus": Status, "TagsSaveKind": SaveKind}
"""Types that the page knows by a name."""


class TextTagsParams(GridState):
    """The prompts, one on each line or ``tag: prompt``, and whether neighbors share tags."""

    brain_key: str
    scope: str
    prompts: str
    propagate: bool


class TextTagsRun(TypedDict):
    """The tags by text.

    ``params`` is what was asked; ``count`` is the number of prompts, and ``tagged``, ``absent`` and
    ``refused`` divide them; ``label_fields`` are the fields that a saved field can be evaluated
    against.
    """

    id: str
    params: TextTagsParams
    patches_field: str | None
    compared: int
    count: int
    tagged: int
    absent: int
    refused: int
    label_fields: list[str]
    notes: list[str]


class TextTagPageParams(RunParams):
    """A page of prompts."""

    start: int
    count: int


class TagPrecision(TypedDict):
    """The share of tagged samples that are right, by a person's answers; see ``Precision``."""

    value: float
    low: float
    high: float
    answers: int


class ScoredFile(TypedDict):
    """A sample, its similarity to a prompt, and whether it gets the tag."""

    file: ResultFile
    score: float
    is_tagged: bool


class TextTagRow(TypedDict):
    """A prompt and what it tags.

    ``presence`` is the probability that the samples hold what it asks for; ``histogram`` counts the
    scores between ``low`` and ``high``; ``answers`` is the number of a person's answers; ``best``
    has the samples with the highest scores.
    """

    tag: str
    text: str
    status: Status
    reason: str
    presence: float
    threshold: float
    count: int
    low: float
    high: float
    histogram: list[int]
    answers: int
    precision: TagPrecision | None
    best: list[ScoredFile]


class TextTagsAnswer(TypedDict):
    """A page of prompts, and the number of all."""

    prompts: list[TextTagRow]
    total: int


class TextTagParams(RunParams):
    """The tag that a method is about."""

    tag: str


class ShowTextTagParams(ShowRunParams):
    """The tag whose samples the grid shows, best first."""

    tag: str


class QuestionsAnswer(TypedDict):
    """Samples to ask a person about: whether they show what the prompt asks for."""

    questions: list[ScoredFile]


class TagAnswersParams(TextTagParams):
    """A person's answers, by the ids of the questions."""

    answers: dict[str, bool]


class SaveTextTagsParams(RunParams):
    """What to save of some tags, None for all.

    ``name`` is the beginning of FiftyOne's tags, or the field; ``other`` is the label of samples
    without a tag in a single Classification, which is evaluated against ``gt_field``, if any.
    """

    how: SaveKind
    name: str
    tags: list[str] | None
    other: str
    gt_field: str | None

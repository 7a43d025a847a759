"""The result of tagging by text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances, Mask, Matrix
from fiftyone_faiss.brain.core.params import quoted, read_flag, read_mapping
from fiftyone_faiss.brain.curation import acting
from fiftyone_faiss.brain.curation.grouping.answers import (
    Precision,
    learned,
    places_to_ask,
    precision_of,
)
from fiftyone_faiss.brain.curation.grouping.tag_thresholds import Threshold
from fiftyone_faiss.brain.data.label_fields import save_labels
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.result_views import view_of
from fiftyone_faiss.brain.data.value_fields import SavedFields

Status = Literal["tagged", "absent", "refused"]
QUESTIONS = 10


@dataclass(frozen=True)
class PromptTag:
    """One prompt, and what it tags.

    Attributes:
        tag: the tag
        text: the prompt
        status: ``"tagged"``; ``"absent"`` if the collection does not seem to hold it; ``"refused"``
            if it cannot be separated from the rest, or from another prompt
        reason: why, in a sentence
        presence: the estimated probability that the collection holds it
        threshold: the threshold; the proposed one for absent and refused prompts
        probabilities: ``(n,)`` float64, for each sample
        answers: the answers of a person, by id
        precision: the share of the tagged samples that are right, from the answers; None without
    """

    tag: str
    text: str
    status: Status
    reason: str
    presence: float
    threshold: Threshold
    probabilities: Distances = field(repr=False)
    answers: Mapping[str, bool] = field(default_factory=dict)
    precision: Precision | None = None

    @property
    def is_tagged(self) -> Mask:
        """``(n,)`` bool: which samples get the tag."""
        if self.status != "tagged":
            return np.zeros(len(self.probabilities), bool)
        return np.asarray(self.probabilities >= 0.5)


@dataclass(frozen=True)
class TextTags:
    """Tags by text.

    Attributes:
        samples: the collection
        brain_key: the index
        patches_field: the field of the labels that were compared, None for samples and frames
        prompts: the prompts, in their order
        all_ids: the ids that were compared
        scores: ``(p, n)`` float32, the similarity of each prompt to each of them
        notes: what else to know, in sentences
    """

    samples: foc.SampleCollection
    brain_key: str
    patches_field: str | None
    prompts: list[PromptTag]
    all_ids: list[str] = field(repr=False)
    scores: Matrix = field(repr=False)
    notes: Sequence[str] = ()

    @property
    def thresholds(self) -> dict[str, float]:
        """The threshold of the similarity by tag, without absent and refused ones."""
        return {p.tag: p.threshold.score for p in self.prompts if p.status == "tagged"}

    @property
    def absent(self) -> list[str]:
        """The tags of which the collection does not seem to hold anything."""
        return [p.tag for p in self.prompts if p.status == "absent"]

    @property
    def refused(self) -> dict[str, str]:
        """Why, for each tag that cannot be separated."""
        return {p.tag: p.reason for p in self.prompts if p.status == "refused"}

    @property
    def precisions(self) -> dict[str, Precision | None]:
        """The precision by the answers of a person, by tag."""
        return {p.tag: p.precision for p in self.prompts}

    @cached_property
    def position_of(self) -> dict[str, int]:
        """The position of each id among those that were compared."""
        return {id: n for n, id in enumerate(self.all_ids)}

    def place(self, prompt: str) -> int:
        """The place of a tag among the prompts.

        Raises:
            ValueError: if there is no such tag
        """
        for place, each in enumerate(self.prompts):
            if prompt == each.tag:
                return place
        raise ValueError(f"There is no tag {quoted(prompt)}; give one of the prompts.")

    def of_prompts(self, tags: Sequence[str]) -> TextTags:
        """The same result with some of the prompts only.

        Raises:
            ValueError: if there are no tags, or one of them is not known
        """
        if not tags:
            raise ValueError("No tags were given; give some of the prompts.")
        places = sorted({self.place(tag) for tag in tags})
        prompts = [self.prompts[place] for place in places]
        return replace(self, prompts=prompts, scores=self.scores[places])

    def ids(self, prompt: str) -> list[str]:
        """The ids that get a tag, best first.

        Raises:
            ValueError: if there is no such tag
        """
        place = self.place(prompt)
        chosen = np.flatnonzero(self.prompts[place].is_tagged)
        order = np.argsort(-self.scores[place][chosen], kind="stable")
        return [self.all_ids[n] for n in chosen[order]]

    def confidences(self, prompt: str) -> dict[str, float]:
        """The estimated probability of each tagged id that the tag is right."""
        probabilities = self.prompts[self.place(prompt)].probabilities
        chosen = self.prompts[self.place(prompt)].is_tagged
        return {self.all_ids[n]: float(probabilities[n]) for n in np.flatnonzero(chosen)}

    def questions(self, prompt: str, count: int = QUESTIONS, seed: int = 51) -> list[str]:
        """Ids to ask a person about: whether they show what the prompt asks for.

        They are spread over the tagged samples and those just below; those with an answer are left
        out. For an absent prompt they are the best ones.
        """
        place = self.place(prompt)
        prompt_tag, scores = self.prompts[place], self.scores[place]
        known = self._places(prompt_tag.answers)
        tagged = int(np.count_nonzero(prompt_tag.is_tagged))
        asked = places_to_ask(scores, count, tagged, list(known), seed)
        return [self.all_ids[n] for n in asked]

    def refine(self, answers: Mapping[str, Mapping[str, bool]]) -> TextTags:
        """Learns from answers, and estimates the precision.

        Args:
            answers: for each tag, whether samples show what it asks for, by their ids

        Returns:
            the same result with new thresholds; earlier answers count, too

        Raises:
            ValueError: if there is no such tag, or an id was not compared
        """
        prompts = list(self.prompts)
        for tag, given in read_mapping("answers", answers).items():
            place = self.place(tag)
            new = {id: read_flag("an answer", a) for id, a in read_mapping(tag, given).items()}
            prompts[place] = self._learned(place, {**prompts[place].answers, **new})
        return replace(self, prompts=prompts)

    def _learned(self, place: int, answers: Mapping[str, bool]) -> PromptTag:
        before = self.prompts[place]
        places = self._places(answers)
        if not places:
            return before
        scores = self.scores[place].astype(np.float64)
        threshold, probabilities = learned(scores, before.threshold, places)
        for n, is_match in places.items():
            # What a person said is known.
            probabilities[n] = float(is_match)
        tagged = [n for n in places if scores[n] >= threshold.score]
        status: Status = "tagged" if any(answers.values()) else "absent"
        return replace(
            before,
            status=status,
            reason="A person saw some." if status == "tagged" else "A person saw none.",
            threshold=threshold,
            probabilities=probabilities,
            answers=dict(answers),
            precision=precision_of(sum(places[n] for n in tagged), len(tagged)),
        )

    def view(self, prompt: str) -> fo.DatasetView:
        """The samples with a tag, best first."""
        return view_of(self.samples, self.ids(prompt), self.patches_field)

    def tag(self, prefix: str = "") -> dict[str, list[str]]:
        """Tags samples, or labels; ``untag_neighbors(dataset, tag)`` undoes each.

        Args:
            prefix (""): what each tag begins with

        Returns:
            the ids that did not have the tag before, by the name of the tag
        """
        tagged = {}
        for prompt in self.prompts:
            ids = self.ids(prompt.tag)
            if ids:
                name = f"{prefix}{prompt.tag}"
                tagged[name] = acting.tag(self.samples, ids, name, self.patches_field)
        return tagged

    def save(
        self, field: str = "text_tags", single: bool = False, other: str | None = None
    ) -> SavedFields:
        """Saves the tags with their confidences as ``Classifications``.

        Args:
            field ("text_tags"): a field of the samples, or an attribute of the labels
            single (False): saves only the surest tag of each, as a ``Classification``, for
                FiftyOne's Model Evaluation
            other (None): the label of samples without a tag, for ``single``; None for no label

        Returns:
            how many were saved, which can be undone

        Raises:
            ValueError: if the field holds other values
        """
        chosen = np.stack([p.is_tagged for p in self.prompts])
        sure = np.stack([p.probabilities for p in self.prompts])
        labels: dict[str, fo.Classification | fo.Classifications] = {}
        for n, id in enumerate(self.all_ids):
            tags = [
                fo.Classification(label=self.prompts[place].tag, confidence=float(sure[place, n]))
                for place in np.flatnonzero(chosen[:, n])
            ]
            if not single:
                labels[id] = fo.Classifications(classifications=tags)
            elif tags:
                labels[id] = max(tags, key=lambda tag: tag.confidence)
            elif other:
                confidence = 1 - float(sure[:, n].max())
                labels[id] = fo.Classification(label=other, confidence=confidence)
        kind = fo.Classification if single else fo.Classifications
        return save_labels(root_dataset(self.samples), labels, field, kind, self.patches_field)

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values, without the samples."""
        return {
            "brain_key": self.brain_key,
            "patches_field": self.patches_field,
            "compared": len(self.all_ids),
            "prompts": [
                {
                    "tag": p.tag,
                    "text": p.text,
                    "status": p.status,
                    "reason": p.reason,
                    "presence": p.presence,
                    "threshold": p.threshold.score,
                    "count": int(np.count_nonzero(p.is_tagged)),
                    "answers": dict(p.answers),
                    "precision": p.precision and p.precision.to_dict(),
                }
                for p in self.prompts
            ],
            "notes": list(self.notes),
        }

    def _places(self, answers: Mapping[str, bool]) -> dict[int, bool]:
        if not answers:
            return {}
        place_of = self.position_of
        for id in answers:
            if id not in place_of:
                raise ValueError(f"The id {quoted(id)} was not compared; give ids of questions.")
        return {place_of[id]: answer for id, answer in answers.items()}

    def __str__(self) -> str:
        counts = [f"{len(self.ids(p.tag)):,} '{p.tag}'" for p in self.prompts if p.is_tagged.any()]
        text = f"Of {len(self.all_ids):,}: {', '.join(counts) or 'nothing is tagged'}"
        if self.absent:
            text += f"; absent: {', '.join(self.absent)}"
        if self.refused:
            text += f"; refused: {', '.join(self.refused)}"
        return f"{text}."

"""The request of tags by text, normalized and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_flag, read_list, read_text
from fiftyone_faiss.brain.models.prompts import TEMPLATES, Templates

MAX_PROMPTS = 1_000


@dataclass(frozen=True)
class TagsRequest:
    """Which texts to tag samples with.

    Attributes:
        prompts: the texts, or a dict from tags to texts: ``{"dog": "a photo of a dog"}``
        brain_key (None): the index; None for the only one
        templates ("off"): the templates that the texts are put into
        propagate (False): whether samples also get the tags of their neighbors

    Raises:
        ValueError: if a value is not valid; the message says what to do
    """

    prompts: Mapping[str, str] | Sequence[str]
    brain_key: str | None = None
    templates: Templates = "off"
    propagate: bool = False

    def __post_init__(self) -> None:
        normalized = {
            "prompts": _prompts(self.prompts),
            "brain_key": read_text("brain_key", self.brain_key, MAX_NAME) or None,
            "templates": read_text("templates", self.templates) or "off",
            "propagate": read_flag("propagate", self.propagate),
        }
        for name, value in normalized.items():
            object.__setattr__(self, name, value)
        if self.templates not in TEMPLATES:
            raise ValueError(
                f"templates is {quoted(self.templates)}; choose one of "
                f"{', '.join(map(repr, TEMPLATES))}."
            )

    @property
    def texts(self) -> dict[str, str]:
        """The text of each tag."""
        assert isinstance(self.prompts, Mapping)
        return dict(self.prompts)

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> TagsRequest:
        """Makes a request of values that a form or a page sent; unknown names are ignored.

        ``prompts`` may also be a text with a prompt on each line, or ``tag: prompt``.
        """
        names = {field.name for field in fields(cls)}
        values = {name: value for name, value in params.items() if name in names}
        prompts = values.get("prompts")
        if isinstance(prompts, str):
            lines = [line.strip() for line in prompts.splitlines() if line.strip()]
            pairs = [line.partition(": ") for line in lines]
            values["prompts"] = {
                tag.strip(): text.strip() if mark else tag.strip() for tag, mark, text in pairs
            }
        return cls(**{"prompts": None, **values})


def _prompts(value: Any) -> dict[str, str]:
    pairs = value.items() if isinstance(value, Mapping) else ((v, v) for v in _listed(value))
    prompts: dict[str, str] = {}
    for tag, text in pairs:
        name = read_text("prompts", tag, MAX_NAME).strip()
        prompt = read_text("prompts", text, 10 * MAX_NAME).strip()
        if not name or not prompt:
            raise ValueError("prompts has an empty text; give texts such as 'a red car'.")
        prompts[name] = prompt
    if not prompts:
        raise ValueError("prompts has no texts; give some, such as ['a dog', 'a cat'].")
    if len(prompts) > MAX_PROMPTS:
        raise ValueError(f"prompts has {len(prompts):,} texts; give {MAX_PROMPTS:,} at most.")
    return prompts


def _listed(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else read_list("prompts", value)

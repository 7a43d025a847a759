"""Projected models as FiftyOne's zoo loads them."""

from __future__ import annotations

from typing import Any

import fiftyone.zoo.models as fozm
from eta.core.config import Config

from fiftyone_faiss.brain.models.loading import get_embedder
from fiftyone_faiss.brain.models.zoo import EmbedderModel


class ProjectedModelConfig(Config, fozm.HasZooModel):
    """The configuration of a :class:`ProjectedModel` in a manifest of the zoo.

    Args:
        d: a dict with the ``name`` of the model
    """

    def __init__(self, d: dict[str, Any]) -> None:
        # FiftyOne sets the path of the weights, which the name stands for.
        d = self.init(d)
        self.name = self.parse_string(d, "name")


class ProjectedModel(EmbedderModel):
    """A base model and a learned projection, as a FiftyOne model.

    Args:
        config: a :class:`ProjectedModelConfig`
    """

    def __init__(self, config: ProjectedModelConfig) -> None:
        super().__init__(get_embedder(config.name))

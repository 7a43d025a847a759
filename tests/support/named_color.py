"""An embedder that embeds text: the names of colors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fiftyone_faiss.embedders import Vectors
from support.colors import MeanColor, color_vector

NAMES = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


class NamedColor(MeanColor):
    """Embeds images as their mean color, and the names of colors as these colors."""

    name = "named-color"
    fingerprint = "named-color-1"
    supports_text = True

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return np.array([color_vector(*NAMES[text]) for text in texts])

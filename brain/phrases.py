"""Phrases from all walks of life, of which most have nothing to do with any one dataset.

They stand for words in general: where a query of words is compared with what is usual, and where
a FAISS index is tuned to be searched by words.
"""

from __future__ import annotations

from fiftyone_faiss.brain import models
from fiftyone_faiss.brain.segments import Matrix

PHRASES = (
    "a person", "a group of people", "an animal", "a vehicle on a road", "a building", "a plant",
    "a plate of food", "a piece of furniture", "a mountain landscape", "a line drawing",
    "a page of text", "a hand tool", "a piece of clothing", "a kitchen interior", "a map",
    "a medical scan", "a microscope image", "a satellite image", "a galaxy in space",
    "a chart with numbers", "a musical instrument", "a computer screen", "a machine in a factory",
    "an insect", "an underwater scene", "a statue", "a weapon", "a bottle of medicine",
    "a stormy sky", "a fire", "a construction site", "a supermarket shelf", "a close-up of skin",
    "a baby", "a wedding", "a sports match", "a painting", "a coin", "a circuit board",
    "a broken window",
)  # fmt: skip


def phrase_vectors(model: str | None) -> Matrix | None:
    """The vectors of the phrases, where that downloads nothing.

    Args:
        model: the name of a model that reads words, or None

    Returns:
        ``(t, dim)`` float32; None without a model, or if its weights are not on this machine, as
        when the vectors were made on another
    """
    if model is None or not models.is_at_hand(model):
        return None
    return models.get_embedder(model).embed_texts(list(PHRASES))

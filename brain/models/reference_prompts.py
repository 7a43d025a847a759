"""Reference prompts: texts about many subjects, most of which do not occur in a given dataset.

They calibrate the scores of text queries and serve as queries when FAISS indexes are tuned.
"""

from __future__ import annotations

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.models import catalog, loading

REFERENCE_PROMPTS = (
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


def reference_prompt_vectors(model: str | None, precision: str = "auto") -> Matrix | None:
    """Embeds the reference prompts, unless that needs a download.

    Args:
        model: the name of a model that embeds text, or None
        precision ("auto"): the precision of the vectors that they are compared with

    Returns:
        ``(t, dim)`` float32; None without a model, or if its weights are not on this machine
    """
    if model is None or not catalog.is_at_hand(model):
        return None
    return loading.get_embedder(model, precision).embed_texts(list(REFERENCE_PROMPTS))

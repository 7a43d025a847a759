"""The steps of ``bench_retrieval.py``; ``workspace.run_step`` runs each in a fresh process."""

from __future__ import annotations

from typing import Any

from retrieval_feedback import feedback
from retrieval_options import diversity, hubness, near_duplicates, templates
from retrieval_terms import composition, negatives, plain
from retrieval_world import Book, make_book
from workspace import serve

# By their keys in the JSON file.
_SECTIONS = {
    "plain": plain,
    "composition": composition,
    "negatives": negatives,
    "feedback": feedback,
    "templates": templates,
    "hubness": hubness,
    "diversity": diversity,
    "fold": near_duplicates,
}


def section_names() -> dict[str, Any]:
    """Returns the names of the sections, in order."""
    return {"names": list(_SECTIONS)}


def measure(section: str, name: str, folder: str, seed: int) -> dict[str, Any]:
    """Measures the tables of a section."""
    return {"tables": _SECTIONS[section](Book.open(name, folder), seed)}


if __name__ == "__main__":
    serve(section_names, make_book, measure)

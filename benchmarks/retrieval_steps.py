"""What ``bench_retrieval.py`` does in fresh processes; ``workspace.run_step`` calls it."""

from __future__ import annotations

from typing import Any

from retrieval_feedback import feedback
from retrieval_calibration import bands, cut_off, verdicts
from retrieval_options import diversity, fold, hubness, templates
from retrieval_terms import composition, negatives, plain
from retrieval_world import Book, make_book
from workspace import serve

_SECTIONS = {
    one.__name__: one
    for one in (
        plain,
        composition,
        negatives,
        feedback,
        templates,
        hubness,
        diversity,
        fold,
        bands,
        verdicts,
        cut_off,
    )
}


def section_names() -> dict[str, Any]:
    """The sections, in order."""
    return {"names": list(_SECTIONS)}


def measure(section: str, name: str, folder: str, seed: int) -> dict[str, Any]:
    """The tables of a section."""
    return {"tables": _SECTIONS[section](Book.open(name, folder), seed)}


if __name__ == "__main__":
    serve(section_names, make_book, measure)

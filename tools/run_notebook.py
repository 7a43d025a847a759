"""Runs the notebook and keeps its outputs.

    python tools/run_notebook.py

It uses a database of its own in a temporary folder. The outputs are committed, so that the notebook
can be read on GitHub; ``tests/docs/test_notebook.py`` runs it, too.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parent.parent / "notebooks" / "similarity.ipynb"
# Of one cell, in seconds.
TIMEOUT = 600


def run_notebook() -> nbformat.NotebookNode:
    """Runs the notebook in FiftyOne's current environment, and returns it with its outputs."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(
        notebook,
        timeout=TIMEOUT,
        # A busy machine takes more than the default of a minute.
        startup_timeout=TIMEOUT,
        coalesce_streams=True,
        resources={"metadata": {"path": NOTEBOOK.parent}},
    ).execute()
    for cell in notebook.cells:
        # The times of the run would make each run a change.
        cell.metadata.pop("execution", None)
    return notebook


def main() -> None:
    from environment import use_folder

    # tqdm warns that the kernel has no widgets for its bars.
    os.environ["PYTHONWARNINGS"] = "ignore:IProgress not found"
    with tempfile.TemporaryDirectory() as folder:
        use_folder(Path(folder))
        nbformat.write(run_notebook(), NOTEBOOK)


if __name__ == "__main__":
    main()

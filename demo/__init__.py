"""A picture-book world with exact labels, and a small CLIP that is trained on it alone.

- ``world``: draws pictures from a seed; ``objects`` and ``scenes`` hold the drawings
- ``phrases``: captions and queries, and the pictures that they are true of
- ``dataset``: a FiftyOne dataset of such pictures
- ``edits``: edits of pictures; ``planted``: pictures with planted duplicates and leaks;
  ``duplicates_dataset``: a FiftyOne dataset of them
- ``train``: trains the CLIP in ``model/``; ``evaluate`` measures it

``tools/run_demo.py`` runs the demo.
"""

from pathlib import Path

MODEL_DIR = Path(__file__).resolve().parent / "model"
MODEL_NAME = "picture-book-clip"

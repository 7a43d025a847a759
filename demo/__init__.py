"""A picture-book world with exact labels, and a small CLIP that knows nothing else.

- ``world``: draws pictures from a seed; ``objects`` and ``scenes`` hold the drawings
- ``phrases``: captions and queries, and which pictures they are true of
- ``dataset``: a FiftyOne dataset of such pictures
- ``train``: trains the CLIP in ``model/``; ``evaluate`` measures it
- ``run``: the demo itself; ``environment`` keeps FiftyOne inside one folder
"""

from pathlib import Path

MODEL_DIR = Path(__file__).resolve().parent / "model"
MODEL_NAME = "picture-book-clip"

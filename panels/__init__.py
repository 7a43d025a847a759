"""The panels: their Python halves here, their browser half in ``view/``, bundled into ``dist/``."""

from fiftyone_faiss.panels.curate import CuratePanel
from fiftyone_faiss.panels.map import MapPanel
from fiftyone_faiss.panels.search import SearchPanel

PANELS = (SearchPanel, CuratePanel, MapPanel)

"""The panel: its Python half here, its browser half in ``view/``, bundled into ``dist/``."""

from fiftyone_faiss.panels.search import SearchPanel

PANELS = (SearchPanel,)

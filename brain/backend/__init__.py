"""FiftyOne's similarity contract over a store, and the indexes that a search can use.

May import: ``core``, ``store``, ``ann``, ``data``, ``models``, and the module ``similarity``.
"""

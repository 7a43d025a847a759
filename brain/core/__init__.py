"""Arrays, ids, metrics, files, progress, jobs. No FiftyOne, no FAISS, no embedders.

May import: nothing else of the package.
"""

"""Arrays, ids, vector checks, metrics, files, progress, jobs. No FiftyOne, no FAISS, no embedders.

May import: no other sub-package.
"""

"""Vectors in files: segments, manifest, snapshots, compaction. No FAISS and no FiftyOne.

May import: ``core``.
"""

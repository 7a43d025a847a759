"""Embedding, building, updating, health and the catalog of indexes.

May import: every package above it: ``core`` to ``backend``.
"""

"""Nearest neighbors over a store: exact search, the FAISS index, row filters. No FiftyOne.

May import: ``core``, ``store``.
"""

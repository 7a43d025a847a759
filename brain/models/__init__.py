"""Embedders by name: loading, the catalog, FiftyOne's zoo, reference prompts.

May import: ``core``, embedders.
"""

"""Embedders by name: loading, the catalog, FiftyOne's zoo, networks in int8, reference prompts.

May import: ``core``, embedders.
"""

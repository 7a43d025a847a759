"""Comparing images by their pixels and local features: features, alignments of two images.

May import: ``core``, embedders.
"""

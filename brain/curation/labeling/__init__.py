"""Judges labels by their vectors' neighbors: wrong labels, and which model sees labels best.

``audit_labels`` and ``compare_models``, and what only they need: the votes of neighbors, the model
of label noise, a person's decisions about labels, and the measures of retrieval. What other
services need belongs in ``curation`` itself, and reading or writing fields in ``data``.
"""

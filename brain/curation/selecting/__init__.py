"""Selects samples to label, and says how well they cover the others.

The request, the greedy selection, its terms, the receipt and the service belong here. It imports
the scores, the judgments and the neighbor graph of ``curation`` and the packages below it, and no
other service.
"""

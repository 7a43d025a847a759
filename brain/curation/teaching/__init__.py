"""Teaches an index what matters: projections that are learned from examples, and how well vectors
can be compressed.

What the examples say, the fit, its evaluation, the reports and the services belong here. It imports
the measures and paired intervals of ``labeling``, the vectors of texts of ``grouping``, the modules
of ``curation`` itself, and the packages below it.
"""

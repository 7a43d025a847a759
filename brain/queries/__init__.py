"""What a person asks for: the query line, its terms and the images that it names.

May import: ``core`` to ``backend``, but not ``indexing``.
"""

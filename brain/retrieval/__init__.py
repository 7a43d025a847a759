"""Search: requests, encoding, candidates, ranking, calibration, results, tags, exports, history.

May import: ``core`` to ``backend`` and ``queries``, but not ``indexing``.
"""

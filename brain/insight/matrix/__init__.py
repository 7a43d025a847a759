"""The distances of all pairs of a few samples, and what they mean in their index.

- ``computing``: the service; ``distance_matrix``: the result
- ``pairs``: distances, angles and the order of leaves
- ``random_pairs``: percentiles among random pairs of the index
- ``drawing``: pictures of a matrix
"""

"""Why two pictures, or a text and a picture, match.

- ``request``, ``explaining``: the request, and the work on it; ``explanation``: the result
- ``sides``: the query and the match as pictures and vectors; ``images``: what the model
  sees of them; ``removing``: versions of a picture with parts removed
- ``methods``: maps of a picture; ``pairs``: which regions of two pictures go together
- ``faithfulness``: how good a map is; ``floor``: how good it is with shuffled weights;
  ``choosing``: which method is best for a model
- ``local_matches``: local features of near-duplicates; ``heatmap_fields``: maps in a dataset
"""

"""Groups of similar samples, with names, and tags by text.

- ``cluster_request``: the request; ``clustering``: finds clusters; ``cluster``, ``clusters``: the
  result
- ``partitions``: divides vectors by ``spherical_kmeans`` or by ``density``
- ``cluster_count``: proposes a number; ``stability``: how much clusters depend on the seed
- ``members``: typical members and border cases; ``levels``: groups of clusters
- ``vocabulary``, ``cluster_names``: names clusters; ``name_edits``: keeps names by people
- ``tags_request``: the request; ``text_tagging``: tags by text; ``text_tags``: the result
- ``text_scores``: compares prompts with samples; ``tag_thresholds``: decides; ``propagation``:
  smooths over neighbors; ``answers``: learns from a person

It may import all other packages of ``curation``.
"""

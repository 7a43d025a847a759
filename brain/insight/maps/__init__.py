"""Maps: every vector of an index as a point in two or three dimensions.

The request, the layouts, the quality of a map, where it is stored, and the services belong here.
"""

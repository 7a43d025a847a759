"""File formats of vectors and their keys: each writes and reads :class:`.contents.Contents`.

May import the store, but nothing of FiftyOne. No reader unpickles anything.
"""

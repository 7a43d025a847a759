"""Seeing similarity: maps, explanations of matches, distance matrices."""

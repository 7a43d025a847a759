"""Finds what to remove, to review or to label: duplicates, leaks, odd samples, selections."""

"""Finds what to remove or to review in a dataset: duplicates and leaks."""

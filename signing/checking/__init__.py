"""Checking: one verdict for every signature of a file."""

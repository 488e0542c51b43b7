"""Realistic records, the same for the same seed."""

"""The nouns: frozen values that every other package speaks in.

Imports nothing but `caseferry.errors`; no I/O, no clock, no randomness.
"""

"""The decisions: from what both sides hold to what is to be done.

Pure: takes values and returns values. Imports `caseferry.model` and nothing else.
"""

"""Pages for people: one self-contained file each, streamed as chunks of text.

A page asks nobody for anything: its style and its script stand in it and are allowed by
their hashes, and nothing else is. Its summary needs no script. Records travel as
compressed JSON and become text nodes, never markup. Pure: values in, text out; writing
the file, with mode 0600, is the caller's business.
"""

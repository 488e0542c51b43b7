"""Benchmarks against the strongest rival we know; they print figures, never assert.

`python -m tests.benchmarks` from the root of the project. Every measured program and
every server is a process of its own.
"""

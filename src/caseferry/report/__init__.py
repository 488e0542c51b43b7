"""Plans, runs and findings as text for people: pure, plain values in, lines out.

Stands beside the adapters and the engine and knows neither. A line never ends in a line
feed; contents of records are shortened and made visible here, and once more by the
renderer, so no control character gets through.
"""

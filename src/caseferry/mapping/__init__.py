"""What becomes what: a mapping file, checked as a whole, compiled into pure functions.

Stands beside `reconcile`, above `model` and `errors`. No I/O, no clock, no randomness:
texts and times come in as arguments, and the same inputs give the same output.
"""

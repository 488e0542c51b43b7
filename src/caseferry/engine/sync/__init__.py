"""Two-way sync: both directions over one state, each pair looked at from both sides.

`policy` says what may be made, `pairs` which case groups have to be looked at, `adopt`
links what carries a key already, `primed` gives groups their counterparts as observed,
`ledger` counts each pair once, `run` is the run.
"""

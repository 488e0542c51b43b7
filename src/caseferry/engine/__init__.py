"""The imperative shell: it sequences ports and decisions, and decides nothing itself.

Read in this order: `migrate` (a run), `extract` (reading the source), `adopt` (our keys
on the target), `plans` (planning in batches), `apply` (one batch through its stages),
`dispatch` (intent, request, receipt), `settle` (writes in doubt).
"""

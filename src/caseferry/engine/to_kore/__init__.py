"""Carrying casemgr cases and their tasks to Kore."""

"""Deciding what happens to one case group on its way from casemgr to Kore."""

"""Taking a run back: from what it wrote, and what is there now, to a plan.

What a run wrote to casemgr and what it wrote to Kore are decided apart, by the system
that was written to; a run may have written to both.
"""

"""caseferry moves cases and tasks between Kore.ai and eGain casemgr, exactly once."""

__version__ = "0.1.0"

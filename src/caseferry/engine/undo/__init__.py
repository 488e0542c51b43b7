"""Taking a run back: what the journal says, what is there now, and the writes."""

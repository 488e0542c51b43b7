"""Saved plans: a plan as a file that can be read, signed, sent round and carried out.

`shape` is the file's format, `lines` makes its lines from plans, `write` and `read`
move it to and from disk's text, `redact` hides field values. Pure: texts in, texts out;
opening files is the caller's business.
"""

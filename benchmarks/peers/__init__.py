"""One program per contestant; each speaks the small line protocol of `protocol.py` (or `protocol.js`)."""

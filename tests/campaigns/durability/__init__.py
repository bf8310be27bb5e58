"""The durability campaign: an AWS endpoint killed under load, and what it had acknowledged; see `__main__.py`."""

"""What those who wait inside the engine are woken by."""

#: Something changed that decides how mappings poll: a mapping's row, or a reserved concurrency.
MAPPINGS_CHANGED = ("lambda", "mappings")

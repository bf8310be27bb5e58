"""One job for one key: while it has not ended, the first in a window, or the last after quiet."""

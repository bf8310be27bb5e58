"""Jobs that come again: what is declared, its row, its EventBridge schedule, and what a tick of that comes to.

Nothing is imported here: a job file needs `recurring` alone, and a cold start is its imports.
"""

"""Webhooks: what happens to jobs is told to URLs, by a job of its own each time, signed, and retried like any job.

Nothing is imported here: a job file needs none of it, and a cold start is its imports.
"""

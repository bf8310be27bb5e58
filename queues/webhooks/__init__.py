"""Webhooks: a job's end is told to URLs, by a job of its own for each, signed, and retried like any job.

Nothing is imported here: a job file needs none of it, and a cold start is its imports.
"""

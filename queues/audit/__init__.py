"""Who did what to which job, queue or schedule: what is recorded, where it is kept, and how calls are recorded.

Nothing is imported here: a job file needs none of it, and a cold start is its imports.
"""

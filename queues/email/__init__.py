"""E-mail: a job type that sends a message through the operator's SMTP server, and nothing unless it is listed.

Nothing is imported here: a job file needs none of it, and a cold start is its imports.
"""

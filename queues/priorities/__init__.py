"""Levels of priority: a job type whose urgent jobs need not wait behind its bulk."""

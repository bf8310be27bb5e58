"""Meshes: from a file's bytes to numbers and design-for-manufacture findings. Pure: no network, no clock, no job.

numpy and trimesh are imported inside the functions that use them: a process that only looks at the job types
must not pay for them.
"""

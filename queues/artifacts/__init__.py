"""Where data and results live that are too large for a job's row: a folder or a bucket, one file each."""

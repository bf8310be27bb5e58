"""What a person may do to jobs and queues: cancel, discard, delete, replay; many at once; pause, resume, purge."""

"""What happens to a job, told as events that follow from its row: nothing is stored for them, and no job pays."""

"""The cleaner: removes ended jobs beyond the number that their type keeps, and rows that TTL has left lying."""

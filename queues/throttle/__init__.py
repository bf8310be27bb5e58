"""How many jobs may run at once, and how many may start in a time: per type, tenant or key, over all hosts."""

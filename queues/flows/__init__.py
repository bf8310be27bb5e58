"""Jobs that belong together: chains, groups, any order of steps, batches; how far they are, what a failure means."""

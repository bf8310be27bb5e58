"""The scale campaign: what is promised of 100,000 jobs of one tenant, and of a batch of 10,000, really run."""

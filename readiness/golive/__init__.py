"""Going live: validation campaigns, reviews and their decisions, the worklist."""

"""Joint reviews: operations and planning look at what is open, decide, and keep the record."""

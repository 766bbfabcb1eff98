"""Rules of grants without a database: what may be granted, and when a grant counts."""

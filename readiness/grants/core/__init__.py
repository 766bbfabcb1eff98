"""Grants without a database: what may be granted, and what counts while it is in force."""

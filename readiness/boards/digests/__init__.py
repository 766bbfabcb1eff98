"""Digests: what happened in a day or a week and what stands open, for one reader, on a page, as PDF and by mail."""

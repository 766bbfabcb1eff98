"""Explain how the score of a site, a region or the fleet changed between any two days."""

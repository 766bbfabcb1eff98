"""Validation campaigns: which runs a site still needs up to a day, who makes them, and how far that has come.

A campaign plans and never proves: an item is done when evidence says so. What evidence counts, readiness.evidence
decides; whether it passes, readiness.scoring.core.
"""

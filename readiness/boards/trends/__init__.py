"""Scores over time of a site, a region or the fleet and of each pillar, with marks for events."""

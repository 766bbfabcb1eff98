"""The gap over time and by group, and what would close it."""

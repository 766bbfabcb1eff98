"""The gap over time and by group, and what would close it: its page, its charts, its endpoints."""

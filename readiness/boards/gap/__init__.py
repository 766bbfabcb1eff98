"""The gap: its page, its charts, its endpoints."""

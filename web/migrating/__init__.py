"""Announces pending migrations before they are applied: what each does, and about how long that takes."""

"""Backups of the embedded PostgreSQL with keys and settings: written while Muster runs, verified, restored."""

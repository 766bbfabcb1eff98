"""Silences and maintenance windows: what holds alerts back, until when, and what that does now."""

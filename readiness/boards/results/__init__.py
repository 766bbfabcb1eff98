"""Endpoints and filters of what the engine stored: scores, results, health, flips, scores over time."""

"""Envelopes: their fields, their contradictions, and their YAML form. Pure."""

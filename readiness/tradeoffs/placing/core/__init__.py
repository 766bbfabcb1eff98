"""Arithmetic of a placement: hard limits, the front, ranks and labels. Pure."""

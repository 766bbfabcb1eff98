"""Arithmetic of trade-offs: units, series, distances, and what is known of a site. Pure."""

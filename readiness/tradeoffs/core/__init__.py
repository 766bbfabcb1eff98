"""Arithmetic of trade-offs: units, series, distances, and factors of sites. Pure."""

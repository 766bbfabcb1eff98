"""Factors of sites: entered, loaded, measured, and known at an instant."""

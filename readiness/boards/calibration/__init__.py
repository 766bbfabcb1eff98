"""Calibration: what teams estimate of a site's readiness, beside the measured verdict."""

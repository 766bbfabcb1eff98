"""Arithmetic of factors: kinds of sources, hourly series, published data sets, power of accelerators. Pure."""

"""Determinism under load: the paths of sites idle and loaded, as p1-latency-under-load judges them."""

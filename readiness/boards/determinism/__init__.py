"""Determinism under load: the paths of sites idle and loaded, as p1-latency-under-load judges them.

The runs are read and judged by what scoring reads and judges them with; here is what pages and endpoints show of it.
"""

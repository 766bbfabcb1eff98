"""Interoperability: the pairs of products that sites link, against the records of their test.

What proves a pair is decided in readiness.evidence.core.proving.interop; here is what pages and endpoints show of it.
"""

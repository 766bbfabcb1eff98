"""Interoperability: the pairs of products that sites link, against the records of their test."""

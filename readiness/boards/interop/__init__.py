"""Interoperability: the pairs of linked products, compared with the records of their tests."""

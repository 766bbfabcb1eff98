"""Computes what runs prove: one module for each family of checks, pure.

Each returns a proof for each sub-measure and subject (a node, pair, port or path). Scoring decides which of them is the
worst.
"""

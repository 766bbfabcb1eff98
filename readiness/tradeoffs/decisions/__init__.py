"""Decisions about where a workload runs, and their outcomes.

Models are in readiness/tradeoffs/models/decisions.py. The answer of the placement is stored as it is; nothing here
places or ranks.
"""

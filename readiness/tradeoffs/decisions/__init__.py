"""Decisions where a workload runs, and what came of them. Models are in readiness/tradeoffs/models/decisions.py.

What an answer of the placement holds is taken as it is and kept; nothing here places or ranks.
"""

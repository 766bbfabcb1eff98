"""Grants: dated decisions to treat something differently, requested by one person and approved by another.

A grant is a waiver of a check, a go-live exception of a BLOCK check, or a declared n-a of a check or sub-measure.
readiness.assessment.scoring.core decides its effect on states, scores and verdicts; this room decides who may give one,
and for how long.
"""

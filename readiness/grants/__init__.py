"""Grants: dated decisions that something is treated differently, asked for by one person and approved by another.

A waiver of a check, a go-live exception of a BLOCK check, or a declared n-a of a check or a sub-measure. What a grant
does to a state, a score or a verdict is decided in readiness.scoring.core; here is who may give one, and for how long.
"""

"""The revision of Muster's own rules for evidence, which no version of the framework states."""

RULES = 2
"""Raise it by one with each change of the code after which stored evidence proves something else: what a parser reads
from a file, what a run proves or why it proves nothing, whose proof goes before, when a proof ends.

Each site's score keeps the revision that it was decided by. At the first evaluation under another one, states that move
on the same evidence have the cause of a changed rule, and stored runs are read again. A figure that an operator may set
belongs to the framework instead, where another value is another version.
"""

"""The revision of the rules by which Muster reads and judges stored evidence."""

RULES = 2
"""Raise it when a stored run may prove something else than before without anybody's doing: a parser reads more, a
comparison is added. Stored runs are then read again, and flips say that the rules changed."""

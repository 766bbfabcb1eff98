"""Rotations with their layers, overrides, swaps and shifts, and leave: their lists, pages and forms."""

from web.kinds import Kind

KINDS: tuple[Kind, ...] = ()

"""Procedures, alert rules and drills: their lists, pages and forms."""

from web.kinds import Kind

KINDS: tuple[Kind, ...] = ()

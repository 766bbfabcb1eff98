"""Surveys with their questions: their lists, pages and forms."""

from web.kinds import Kind

KINDS: tuple[Kind, ...] = ()

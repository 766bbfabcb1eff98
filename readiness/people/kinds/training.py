"""Courses, and who was assigned to them: their lists, pages and forms."""

from web.kinds import Kind

KINDS: tuple[Kind, ...] = ()

"""Kinds of object, each declared once: list, page, form, deletion and endpoint follow from its `Kind`."""

from web.kinds.kind import Entry, Facts, Kind, Related

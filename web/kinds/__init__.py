"""Kinds of object, each declared once: its list, page, form, deletion and endpoints follow from what `Kind` says."""

from web.kinds.kind import Entry, Facts, Kind, Related
